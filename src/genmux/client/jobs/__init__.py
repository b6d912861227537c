"""Jobs for programs: submit, wait, watch, collect; in this process or through a gateway."""

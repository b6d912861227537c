"""Made-up files in the formats that providers document and their consoles export."""

OPENAI_COSTS = """{"object": "page", "has_more": false, "next_page": null, "data": [
 {"object": "bucket", "start_time": 1795046400, "end_time": 1795132800, "results": [
  {"object": "organization.costs.result", "amount": {"value": 0.30, "currency": "usd"},
   "line_item": "gpt-5.4-mini-2026-03-05, input", "project_id": null},
  {"object": "organization.costs.result", "amount": {"value": "0.20", "currency": "usd"},
   "line_item": "gpt-5.4-mini-2026-03-05, output", "project_id": null}
 ]},
 {"object": "bucket", "start_time": 1795132800, "end_time": 1795219200, "results": []}]}"""

OPENAI_USAGE = """[{"object": "page", "has_more": true, "data": [
 {"object": "bucket", "start_time": 1795046400, "end_time": 1795132800, "results": [
  {"object": "organization.usage.completions.result", "input_tokens": 1000, "output_tokens": 400, "input_cached_tokens": 200,
   "input_audio_tokens": 50, "output_audio_tokens": 0, "num_model_requests": 4, "model": "gpt-5.4-mini-2026-03-05", "batch": null}
 ]}]},
 {"object": "page", "has_more": false, "data": [
 {"object": "bucket", "start_time": 1795132800, "end_time": 1795219200, "results": [
  {"object": "organization.usage.images.result", "images": 2, "num_model_requests": 2, "model": "gpt-image-1"}
 ]}]}]"""

OPENAI_COSTS_CSV = (
    "\ufeffstart_time,end_time,start_time_iso,end_time_iso,amount_value,amount_currency,line_item,project_id\r\n"
    '1795046400,1795132800,2026-11-19T00:00:00+00:00,2026-11-20T00:00:00+00:00,0.5,usd,"gpt-5.4-mini-2026-03-05, output",p\r\n'
    "1795132800,1795219200,2026-11-20T00:00:00+00:00,2026-11-21T00:00:00+00:00,,,,\r\n"
)

OPENAI_USAGE_CSV = (
    "start_time,start_time_iso,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens\n"
    "1795046400,2026-11-19T00:00:00,4,gpt-5.4-mini-2026-03-05,1050,400,200\n"
)

OPENAI_OLD_CSV = (
    "usage_date;snapshot_id;n_requests;n_context_tokens_total;n_generated_tokens_total\n"
    "2026-11-19;gpt-5.4-mini-2026-03-05;4;1050;400\n"
)

ANTHROPIC_USAGE = """{"data": [{"starting_at": "2026-11-19T00:00:00Z", "ending_at": "2026-11-20T00:00:00Z", "results": [
  {"uncached_input_tokens": 100, "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 3},
   "cache_read_input_tokens": 400, "output_tokens": 60, "model": "claude-haiku-4-5-20251001", "workspace_id": null,
   "server_tool_use": {"web_search_requests": 0}}]}], "has_more": false, "next_page": null}"""

ANTHROPIC_COST = """{"data": [{"starting_at": "2026-11-19T00:00:00Z", "ending_at": "2026-11-20T00:00:00Z", "results": [
  {"amount": "123.45", "currency": "USD", "cost_type": "tokens", "model": "claude-haiku-4-5-20251001",
   "token_type": "uncached_input_tokens", "description": "Claude Haiku 4.5 Usage - Input Tokens"},
  {"amount": "10", "currency": "USD", "cost_type": "web_search", "model": null, "token_type": null,
   "description": "Web Search Usage"}]}], "has_more": false}"""

ANTHROPIC_USAGE_CSV = (
    "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,"
    "usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,"
    "usage_output_tokens,web_search_count,inference_geo,speed\n"
    '2026-11-19,claude-haiku-4-5-20251001,"a, key",Default,standard,≤ 200k,100,20,3,400,60,0,not_available,\n'
)

ANTHROPIC_TABBED = (
    "Usage Date (UTC)\tModel\tInput Tokens\tCache Creation Input Tokens\tCache Read Input Tokens\tOutput Tokens\n"
    "2026/11/19\tclaude-haiku-4-5\t100\t23\t400\t60\n"
)

ANTHROPIC_COST_CSV = (
    "usage_date_utc,model,workspace,api_key,usage_type,context_window,token_type,cost_usd,list_price_usd,cost_type\n"
    "2026-11-19,Claude Haiku 4.5,Default,demo,message,≤ 200k,input_no_cache,$1.20,1.20,token\n"
    "2026-11-19,Claude Haiku 4.5,Default,demo,message,≤ 200k,output,0.0345,0.0345,token\n"
)

OPENROUTER_ACTIVITY = """{"data": [
 {"date": "2026-11-19", "model": "openai/gpt-5.4-mini", "model_permaslug": "openai/gpt-5.4-mini-2026-03-05",
  "endpoint_id": "e", "provider_name": "OpenAI", "usage": 0.015, "byok_usage_inference": 0, "requests": 5,
  "prompt_tokens": 50, "completion_tokens": 125, "reasoning_tokens": 25}]}"""

OPENROUTER_CSV = (
    "generation_id,created_at,cost_total,cost_web_search,cost_cache,tokens_prompt,tokens_completion,tokens_reasoning,"
    "tokens_cached,model_permaslug,provider_name,variant\n"
    "gen-1,2026-11-19 03:46:57.713,0.010,0,0,30,100,20,0,openai/gpt-5.4-mini-2026-03-05,OpenAI,standard\n"
    "gen-2,2026-11-19 23:59:59.999,0.005,0,0,20,25,5,0,openai/gpt-5.4-mini-2026-03-05,OpenAI,standard\n"
)

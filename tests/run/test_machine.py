"""The provenance says on which processor a run was made, on any system."""

from unitscope.run.machine import describe_cpu, describe_machine, parse_cpuinfo

X86 = """\
processor\t: 0
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
flags\t\t: fpu vme sse sse2 ssse3 fma sse4_1 sse4_2 avx f16c avx2 avx512f amx_bf16 amx_tile

processor\t: 1
model name\t: another
flags\t\t: fpu
"""

ARM = """\
processor\t: 0
BogoMIPS\t: 2100.00
Features\t: fp asimd aes sha2 crc32 atomics sve i8mm bf16
CPU implementer\t: 0x41
CPU architecture: 8
CPU part\t: 0xd40
"""


def test_an_intel_processor():
    assert parse_cpuinfo(X86) == {
        "model": "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
        "instructions": ["amx_bf16", "amx_tile", "avx", "avx2", "avx512f", "f16c", "fma", "sse4_1", "sse4_2"],
    }


def test_an_arm_processor_is_named_by_numbers():
    assert parse_cpuinfo(ARM) == {
        "model": "CPU implementer 0x41, part 0xd40",
        "instructions": ["asimd", "bf16", "i8mm", "sve"],
    }


def test_without_proc_there_is_what_python_knows(tmp_path, monkeypatch):
    monkeypatch.setattr("unitscope.run.machine.platform.processor", lambda: "")
    monkeypatch.setattr("unitscope.run.machine.platform.machine", lambda: "arm64")
    assert describe_cpu(tmp_path / "no such file") == {"model": "arm64", "instructions": []}
    monkeypatch.setattr("unitscope.run.machine.platform.processor", lambda: "arm")
    assert describe_cpu(tmp_path / "no such file")["model"] == "arm"


def test_a_file_that_says_nothing_known(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("hart : 0\nisa : rv64imafdc\n")
    monkeypatch.setattr("unitscope.run.machine.platform.processor", lambda: "riscv64")
    assert describe_cpu(tmp_path / "cpuinfo") == {"model": "riscv64", "instructions": []}


def test_this_machine_is_described():
    described = describe_machine()
    assert described["cpu"]["model"]
    assert {"host", "system", "python", "versions", "created"} <= described.keys()

"""User agents: the same family after an update, tools by their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.enrich_agent import LONGEST, agent_of
from activities.enrich_tools import system_of, tool_of

CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (CHROME.format("Windows NT 10.0; Win64; x64", 126), "Chrome on Windows"),
        (CHROME.format("Windows NT 10.0; Win64; x64", 126) + " Edg/126.0.0.0", "Edge on Windows"),
        (CHROME.format("Macintosh; Intel Mac OS X 10_15_7", 126), "Chrome on macOS"),
        (CHROME.format("X11; CrOS x86_64 14541.0.0", 126), "Chrome on Chrome OS"),
        (CHROME.format("X11; Linux x86_64", 120).replace("Chrome", "HeadlessChrome"), "HeadlessChrome on Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            "Mobile Safari on iOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile "
            "Safari/537.36",
            "Chrome Mobile on Android",
        ),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) Gecko/20100101 Firefox/102.0", "Firefox on Linux"),
        ("aws-cli/2.15.30 Python/3.11.8 Windows/10 exe/AMD64 prompt/off command/s3.ls", "aws-cli on Windows"),
        ("aws-cli/1.27 Python/3.9 Linux/5.10 botocore/1.29", "aws-cli on Linux"),
        ("aws-cli/2.15 ua/2.0 os/linux#6.5.0-kali3-amd64 md/arch#x86_64 lang/python#3.11", "aws-cli on Kali Linux"),
        ("Boto3/1.26.84 md/Botocore#1.29.84 ua/2.0 os/linux#5.15.0 lang/python#3.10.6", "Boto3 on Linux"),
        (
            "APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) aws-sdk-go/1.4 (go1.19; darwin; arm64)",
            "Terraform on macOS",
        ),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.1.2 stratus-red-team_d05f aws-sdk-go/1.44", "Stratus Red Team"),
        ("stratus-red-team_e27c7b82-502b-4432-a99a-be984762c413", "Stratus Red Team"),
        ("aws-sdk-go-v2/1.17.3 os/linux lang/go/1.19", "aws-sdk-go on Linux"),
        ("aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/", "SSM Agent on Linux"),
        ("S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10", "S3 console on Linux"),
        ("azure-cli/2.61 (HOMEBREW) azsdk-python-core/1.30 Python/3.11 (macOS-14.5-arm64)", "azure-cli on macOS"),
        ("python/3.11 (Linux-5.15) msrest/0.7 AZURECLI/2.50", "azure-cli on Linux"),
        ("Microsoft Azure CLI", "azure-cli"),
        ("azsdk-net-Identity/1.11 (.NET 8.0; Microsoft Windows 10)", "azure-sdk-dotnet on Windows"),
        ("google-cloud-sdk gcloud/480.0.0 command/gcloud.compute.ssh", "gcloud"),
        ("kubectl/v1.30 (linux/amd64) kubernetes/abc", "kubectl on Linux"),
        ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1", "PowerShell on Windows"),
        ("python-requests/2.32", "python-requests"),
        ("curl/7.68.0", "curl"),
        ("git/2.45.0", "git"),
        ("git-lfs/3.2 (GitHub; linux amd64; go 1.18)", "git-lfs on Linux"),
        ("GitHub CLI 2.40", "GitHub CLI"),
        ("PostmanRuntime/7.39", "Postman"),
        ("BAV2ROPC", "BAV2ROPC"),
        ("Client=OWA;Action=ViaProxy", "OWA"),
        ("Client=MSExchangeRPC", "MSExchangeRPC"),
        # A service's name, and a program that nobody knows, without its ids and versions.
        ("cloudformation.amazonaws.com", "cloudformation.amazonaws.com"),
        ("ec2.amazonaws.com", "ec2.amazonaws.com"),
        ("backup-robot/4.2.1", "backup-robot"),
        ("backup-robot 0f8fad5b-d9cb-469f-a165-70867728950e", "backup-robot"),
        ("Contoso Sync v3.1", "Contoso Sync"),
        # Words inside others, and addresses, are not tools.
        ("my-gitops-club/1", "my-gitops-club"),
        ("robot (+https://www.terraform.io/)", "robot"),
        ("", ""),
        ("-", ""),
        ("12.3", ""),
    ],
)
def test_families(agent: str, family: str) -> None:
    assert agent_of(agent).on("") == family


@given(
    st.integers(60, 400), st.integers(60, 400), st.sampled_from(["Windows NT 10.0; Win64; x64", "X11; Linux x86_64"])
)
def test_an_update_is_not_a_new_device(before: int, after: int, system: str) -> None:
    assert agent_of(CHROME.format(system, before)) == agent_of(CHROME.format(system, after))


@given(st.lists(st.integers(0, 99), min_size=2, max_size=4), st.lists(st.integers(0, 99), min_size=2, max_size=4))
@pytest.mark.parametrize("tool", ["aws-cli", "Boto3", "Terraform", "python-requests", "curl", "backup-robot"])
def test_nor_is_one_of_a_tool(tool: str, before: list[int], after: list[int]) -> None:
    versions = (".".join(map(str, version)) for version in (before, after))
    assert len({agent_of(f"{tool}/{version}").program for version in versions}) == 1


@given(st.text() | st.text("Mozila/5.0 ();-_aws"))
def test_any_text_is_an_agent(text: str) -> None:
    agent = agent_of(text)
    assert max(map(len, agent)) <= 64
    assert agent_of(text) == agent
    assert agent_of(text.ljust(LONGEST) + "curl/8") == agent_of(text.ljust(LONGEST))


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("Windows 11", "Windows"), ("Windows10", "Windows"), ("MacOs", "macOS"), ("Mac OS X", "macOS"),
        ("macOS 14", "macOS"), ("Ios 17", "iOS"), ("iPadOS 17", "iOS"), ("Android 14", "Android"),
        ("Ubuntu 22.04", "Linux"), ("linux", "Linux"),
        ("Chrome OS", "Chrome OS"), ("Machine 7", ""), ("", ""), ("Solaris", ""),
    ],
)  # fmt: skip
def test_systems(name: str, system: str) -> None:
    assert system_of(name) == system


def test_the_tool_is_named_before_the_library_that_it_is_made_with() -> None:
    assert tool_of("Botocore/1 Boto3/1 aws-cli/2") == "aws-cli"
    assert tool_of("Boto3/1 Pacu/1") == "Pacu"
    assert tool_of("nothing of the kind") == ""

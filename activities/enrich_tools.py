"""Programs that name themselves in a user agent, and that detections want to know by name."""

from __future__ import annotations

import re

_ATTACK_TOOLS: tuple[tuple[str, str], ...] = (
    ("Pacu", "pacu"),
    ("Stratus Red Team", "stratus-red-team"),
    ("CloudFox", "cloudfox"),
    ("ROADtools", "roadtools roadrecon roadtx"),
    ("AADInternals", "aadinternals"),
    ("AzureHound", "azurehound"),
    ("BloodHound", "bloodhound sharphound"),
    ("GraphRunner", "graphrunner"),
    ("TeamFiltration", "teamfiltration"),
    ("TruffleHog", "trufflehog"),
    ("Nuclei", "nuclei"),
    ("sqlmap", "sqlmap"),
)
_LIBRARIES: tuple[tuple[str, str], ...] = (
    ("python-requests", "python-requests"),
    ("python-urllib", "python-urllib urllib3"),
    ("python-httpx", "python-httpx"),
    ("aiohttp", "aiohttp"),
    ("curl", "curl libcurl"),
    ("Wget", "wget"),
    ("Go-http-client", "go-http-client"),
    ("fasthttp", "fasthttp"),
    ("okhttp", "okhttp"),
    ("Apache-HttpClient", "apache-httpclient"),
    ("axios", "axios"),
    ("node-fetch", "node-fetch"),
    ("undici", "undici"),
)
"""Libraries that any program may use to speak HTTP."""
_TOOLS: tuple[tuple[str, str], ...] = (
    # Tools of audit, and of attack.
    ("ScoutSuite", "scoutsuite"),
    ("Prowler", "prowler"),
    *_ATTACK_TOOLS,
    # What a person or a pipeline runs. These come before the libraries that they are made with.
    ("Terraform", "terraform"),
    ("OpenTofu", "opentofu"),
    ("Pulumi", "pulumi"),
    ("AWS CDK", "aws-cdk cdk-assets"),
    ("CloudFormation", "cloudformation"),
    ("Ansible", "ansible"),
    ("Crossplane", "crossplane"),
    ("eksctl", "eksctl"),
    ("kubectl", "kubectl"),
    ("Helm", "helm"),
    ("aws-cli", "aws-cli"),
    ("AWS Tools for PowerShell", "awspowershell awspowershell.common awspowershell.netcore awspowershellnetcore"),
    ("gsutil", "gsutil"),
    ("gcloud", "gcloud google-cloud-sdk"),
    ("azure-cli", "azure-cli azurecli"),
    ("Azure PowerShell", "azurepowershell azps"),
    ("PowerShell", "windowspowershell powershell"),
    ("s3cmd", "s3cmd"),
    ("s5cmd", "s5cmd"),
    ("rclone", "rclone"),
    ("Cyberduck", "cyberduck"),
    ("AzCopy", "azcopy"),
    ("Steampipe", "steampipe"),
    ("git-lfs", "git-lfs"),
    ("git", "git"),
    ("GitHub CLI", "github-cli"),
    ("Okta CLI", "okta-cli"),
    ("Postman", "postmanruntime postman"),
    ("Insomnia", "insomnia"),
    ("S3 console", "s3console"),
    ("SSM Agent", "amazon-ssm-agent"),
    # Sign-in with name and password alone, which no second factor guards.
    ("BAV2ROPC", "bav2ropc"),
    # Software development kits.
    ("Boto3", "boto3"),
    ("Botocore", "botocore"),
    ("aws-sdk-go", "aws-sdk-go aws-sdk-go-v2"),
    ("aws-sdk-java", "aws-sdk-java"),
    ("aws-sdk-js", "aws-sdk-js aws-sdk-nodejs"),
    ("aws-sdk-dotnet", "aws-sdk-dotnet aws-sdk-dotnet-*"),
    ("aws-sdk-rust", "aws-sdk-rust"),
    ("aws-sdk-ruby", "aws-sdk-ruby aws-sdk-ruby2 aws-sdk-ruby3"),
    ("aws-sdk-php", "aws-sdk-php aws-sdk-php2 aws-sdk-php3"),
    ("aws-sdk-cpp", "aws-sdk-cpp"),
    ("azure-sdk-python", "azsdk-python-* msrest"),
    ("azure-sdk-js", "azsdk-js-*"),
    ("azure-sdk-java", "azsdk-java-*"),
    ("azure-sdk-dotnet", "azsdk-net-*"),
    ("azure-sdk-go", "azsdk-go-* azure-sdk-for-go"),
    ("google-api-python", "google-api-python-client gcloud-python"),
    ("google-api-go", "google-api-go-client"),
    ("google-api-java", "google-api-java-client google-http-java-client"),
    ("google-api-nodejs", "google-api-nodejs-client"),
    ("Okta SDK", "okta-sdk-*"),
    ("Octokit", "octokit octokit-* octokit.*"),
    *_LIBRARIES,
)
"""Name, and the words of an agent that give it away, case-folded; `*` for any ending. The first that is named wins."""

_PHRASES = (("Microsoft Azure CLI", "azure-cli"), ("GitHub CLI", "github-cli"), ("Scout Suite", "scoutsuite"))
"""Names of several words, at the beginning of an agent, and the word for each."""

_WORD = re.compile(r"[a-z0-9][a-z0-9.-]*")
_NAMES = tuple(name for name, _ in _TOOLS)
_LIBRARY_NAMES = frozenset(name for name, _ in _LIBRARIES)
_WORDS = tuple((word, place) for place, (_, words) in enumerate(_TOOLS) for word in words.split())
_PLACES = {word: place for word, place in _WORDS if not word.endswith("*")}
_BEGINNINGS = tuple((word[:-1], place) for word, place in _WORDS if word.endswith("*"))
_BEGINNING = tuple(word for word, _ in _BEGINNINGS)

_ATTACK_SYSTEMS = (("Kali Linux", "kali"), ("Parrot OS", "parrot"), ("Pentoo", "pentoo"))
_SYSTEMS: tuple[tuple[str, str], ...] = (
    *_ATTACK_SYSTEMS,
    ("Windows", "windows"),
    ("iOS", "ios|iphone|ipad|ipados"),
    ("macOS", "macos|mac os|mac|darwin"),
    ("Android", "android"),
    ("Chrome OS", "chrome ?os|chromium os|cros"),
    ("Linux", "linux|ubuntu|debian|fedora|centos|red ?hat|rhel|suse|opensuse|gentoo|arch ?linux|mint|amazon"),
)
_SYSTEM_NAMES = tuple(name for name, _ in _SYSTEMS)
_SYSTEM = re.compile("|".join(rf"((?:{words})(?![a-z]))" for _, words in _SYSTEMS), re.IGNORECASE | re.ASCII)
_NAMED = re.compile(r"(?<![a-z])(?:windows|macos|darwin|linux|android|ios|ipados)(?![a-z])", re.IGNORECASE)
_DISTRIBUTION = re.compile(r"(?<![a-z])(?:kali|parrot|pentoo)(?![a-z])", re.IGNORECASE)


def is_library(agent: str) -> bool:
    """Whether what an agent names is a library that speaks HTTP: no browser, no program that people know."""
    return tool_of(agent) in _LIBRARY_NAMES


def tool_of(agent: str) -> str:
    """The first of the programs above that `agent` names, in the order above; "" if none."""
    words = set(_WORD.findall(agent.lower()))
    places = [_PLACES[word] for word in words & _PLACES.keys()]
    for word in words:
        if word.startswith(_BEGINNING):
            places += [place for beginning, place in _BEGINNINGS if word.startswith(beginning)]
    places += [_PLACES[word] for phrase, word in _PHRASES if agent.startswith(phrase)]
    return _NAMES[min(places)] if places else ""


def system_of(name: str) -> str:
    """The operating system that `name` begins with, without its version; "" if it is not known."""
    match = _SYSTEM.match(name.lstrip())
    return _SYSTEM_NAMES[match.lastindex - 1] if match and match.lastindex else ""


def system_in(agent: str) -> str:
    """The operating system that `agent` mentions first; "" if none."""
    match = _NAMED.search(agent)
    return system_of(match[0]) if match else ""


def distribution_of(agent: str) -> str:
    """A distribution for penetration tests that `agent` names; "" if none."""
    match = _DISTRIBUTION.search(agent)
    return system_of(match[0]) if match else ""


FOR_ATTACKS = tuple(name for name, _ in (*_ATTACK_TOOLS, *_ATTACK_SYSTEMS))
"""Programs and systems made to break in with. Audits are done with some of the others, by whoever owns the account."""


def for_attacks(family: str) -> str:
    """The program or system made for attacks that a device's `family` names; "" if none.

    Amazon GuardDuty speaks of three of the systems ("PenTest:IAMUser/KaliLinux", "ParrotLinux", "PentooLinux").
    """
    return next((name for name in FOR_ATTACKS if name in family), "")

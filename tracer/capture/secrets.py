"""What secrets look like: the formats that are known, each with the part that is removed. docs/security.md tells them.

Every pattern is linear: one run of characters after a literal, or runs whose lengths are bounded.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """A piece of a text that is secret."""

    start: int
    end: int
    kind: str


class Format(NamedTuple):
    """Group 1 is what is removed, else all of it."""

    kind: str
    anchors: tuple[str, ...]
    """One of them stands in every text that holds such a secret. Found at C speed, and nothing else is looked at."""
    begins: tuple[int, ...]
    """How many characters before its anchor it may begin."""
    pattern: re.Pattern[str]


_RUN = "[A-Za-z0-9_-]"
_EDGE = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))"
"""Not inside a word; the letter of an escape (`\\n` in JSON inside a string, `%3D` in a URL) is none of it."""

# kind: (what it begins with, how many characters follow at least, which ones)
_PREFIXED: tuple[tuple[str, tuple[str, ...], int, str], ...] = (
    ("anthropic_key", ("sk-ant-",), 20, _RUN),
    ("openai_key", ("sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-", "sk-service-"), 20, _RUN),
    ("openrouter_key", ("sk-or-",), 20, _RUN),
    ("langfuse_key", ("sk-lf-",), 30, _RUN),
    ("google_api_key", ("AIza",), 35, _RUN),
    ("google_oauth_token", ("ya29.",), 20, _RUN),
    ("google_client_secret", ("GOCSPX-",), 20, _RUN),
    ("google_refresh_token", ("1//0",), 30, _RUN),
    ("aws_session_token", ("FwoGZXIvYXdz", "IQoJb3JpZ2lu"), 40, "[A-Za-z0-9/+=%_-]"),
    ("aws_bedrock_key", ("ABSK",), 80, "[A-Za-z0-9/+=]"),
    ("github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), 36, "[A-Za-z0-9]"),
    ("github_token", ("github_pat_",), 36, "[A-Za-z0-9_]"),
    (
        "gitlab_token",
        tuple(
            f"gl{kind}-"
            for kind in ("pat", "oas", "dt", "rt", "rtr", "cbt", "ptt", "ft", "imt", "agent", "soat", "ffct")
        ),
        20,
        "[A-Za-z0-9_.-]",
    ),
    ("slack_token", tuple(f"xox{kind}-" for kind in "abceoprs"), 16, _RUN),
    ("slack_token", ("xoxe.xoxp-", "xoxe.xoxb-", "xapp-"), 16, _RUN),
    ("stripe_key", tuple(f"{kind}k_{mode}_" for kind in "rs" for mode in ("live", "test", "prod")), 16, "[A-Za-z0-9]"),
    ("webhook_secret", ("whsec_",), 24, "[A-Za-z0-9+/=_-]"),
    ("huggingface_token", ("hf_", "api_org_"), 30, "[A-Za-z0-9]"),
    ("npm_token", ("npm_",), 36, "[A-Za-z0-9]"),
    ("pypi_token", ("pypi-",), 50, _RUN),
    ("rubygems_key", ("rubygems_",), 48, "[0-9a-f]"),
    ("docker_token", ("dckr_pat_", "dckr_oat_"), 24, _RUN),
    ("digitalocean_token", ("dop_v1_", "doo_v1_", "dor_v1_"), 64, "[0-9a-f]"),
    ("databricks_token", ("dapi",), 32, "[0-9a-f]"),
    ("shopify_token", ("shpat_", "shpca_", "shppa_", "shpss_"), 32, "[0-9a-fA-F]"),
    ("square_token", ("sq0atp-", "sq0csp-", "sq0idp-"), 22, _RUN),
    ("linear_key", ("lin_api_", "lin_oauth_"), 32, "[A-Za-z0-9]"),
    ("notion_token", ("ntn_",), 40, "[A-Za-z0-9]"),
    ("notion_token", ("secret_",), 43, "[A-Za-z0-9]"),
    ("langsmith_key", ("lsv2_pt_", "lsv2_sk_", "ls__"), 32, "[0-9a-f_]"),
    ("groq_key", ("gsk_",), 40, "[A-Za-z0-9]"),
    ("perplexity_key", ("pplx-",), 32, "[A-Za-z0-9]"),
    ("xai_key", ("xai-",), 60, "[A-Za-z0-9]"),
    ("replicate_token", ("r8_",), 36, "[A-Za-z0-9]"),
    ("tavily_key", ("tvly-",), 20, _RUN),
    ("nvidia_key", ("nvapi-",), 40, _RUN),
    ("pinecone_key", ("pcsk_",), 40, "[A-Za-z0-9_]"),
    ("together_key", ("tgp_v1_",), 30, _RUN),
    ("fireworks_key", ("fw_",), 22, "[A-Za-z0-9]"),
    ("firecrawl_key", ("fc-",), 32, "[0-9a-f]"),
    ("jina_key", ("jina_",), 40, _RUN),
    ("voyage_key", ("pa-",), 40, _RUN),
    ("e2b_key", ("e2b_",), 40, "[0-9a-f]"),
    ("elevenlabs_key", ("sk_",), 48, "[0-9a-f]"),
    ("vault_token", ("hvs.", "hvb.", "hvr."), 24, _RUN),
    ("doppler_token", tuple(f"dp.{kind}." for kind in ("pt", "st", "ct", "sa", "scim", "audit")), 30, "[A-Za-z0-9_.-]"),
    ("grafana_token", ("glsa_", "glc_"), 32, "[A-Za-z0-9+/=_]"),
    ("newrelic_key", ("NRAK-",), 27, "[A-Z0-9]"),
    ("postman_key", ("PMAK-",), 50, "[0-9a-f-]"),
    ("heroku_key", ("HRKU-",), 36, _RUN),
    ("atlassian_token", ("ATATT3", "ATCTT3"), 50, "[A-Za-z0-9_=-]"),
    ("bitbucket_token", ("ATBB",), 32, "[A-Za-z0-9]"),
    ("figma_token", ("figd_", "figo_"), 36, _RUN),
    ("supabase_key", ("sbp_", "sb_secret_"), 24, "[A-Za-z0-9_]"),
    ("planetscale_token", ("pscale_tkn_", "pscale_oauth_", "pscale_pw_"), 32, "[A-Za-z0-9_.=-]"),
    ("fly_token", ("fm1a_", "fm1r_", "fm2_", "fo1_"), 40, "[A-Za-z0-9+/=_-]"),
    ("sentry_token", ("sntrys_", "sntryu_"), 40, "[A-Za-z0-9+/=_]"),
    ("age_key", ("AGE-SECRET-KEY-1",), 58, "[A-Z0-9]"),
    ("onepassword_token", ("ops_eyJ",), 60, "[A-Za-z0-9+/=_-]"),
    ("brevo_key", ("xkeysib-",), 64, "[A-Za-z0-9-]"),
    ("mailgun_key", ("key-", "pubkey-"), 32, "[0-9a-f]"),
    ("tailscale_key", ("tskey-",), 16, _RUN),
    ("pulumi_token", ("pul-",), 40, "[0-9a-f]"),
    ("netlify_token", ("nfp_",), 36, "[A-Za-z0-9]"),
    ("contentful_token", ("CFPAT-",), 40, _RUN),
    ("neon_key", ("napi_",), 40, "[A-Za-z0-9]"),
    ("dropbox_token", ("sl.",), 100, _RUN),
    ("alibaba_key", ("LTAI",), 16, "[A-Za-z0-9]"),
)

_JWT = rf"{_EDGE}(?<![_-])eyJ{_RUN}{{8,8000}}+\.[A-Za-z0-9_-]{{8,16000}}+(?:\.{_RUN}{{0,4000}}+){{0,3}}"
_KEY_LABEL = "(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_PEM = (
    rf"-----BEGIN {_KEY_LABEL}"
    rf"(?:(?:[^-]|-(?!----)){{0,20000}}+-----END {_KEY_LABEL}"
    # Cut off: what follows as far as it can be the key.
    r"|(?:(?:\\+[nr]|\s){1,8}[A-Za-z0-9+/=]{20,}+)*+(?:(?:\\+[nr]|\s){1,8}[A-Za-z0-9+/=]{1,76}+)?)"
)

_SHAPED: tuple[tuple[str, tuple[str, ...], tuple[int, ...], str], ...] = (
    ("private_key", ("-----BEGIN ",), (0,), _PEM),
    ("putty_key", ("Private-Lines: ",), (0,), r"Private-Lines: \d{1,4}\s{1,2}((?:[A-Za-z0-9+/=]{1,76}\s{0,2}){1,200})"),
    ("jwt", ("eyJ",), (0,), _JWT),
    ("openai_key", ("sk-",), (0,), rf"{_EDGE}sk-[A-Za-z0-9]{{20}}T3BlbkFJ[A-Za-z0-9]{{20}}"),
    ("api_key", ("sk-",), (0,), rf"{_EDGE}sk-[A-Za-z0-9]{{32,}}"),
    (
        "aws_access_key",
        ("AKIA", "ASIA", "ABIA", "ACCA"),
        (0,),
        r"(?<![A-Z0-9])A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Z0-9])",
    ),
    (
        "aws_secret_key",
        ("AKIA", "ASIA"),
        (0,),
        r"A[KS]IA[A-Z0-9]{16}[\s\"',;:|/&=\\]{1,8}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
    ),
    (
        "azure_client_secret",
        ("Q~",),
        (4,),
        r"(?:(?<![A-Za-z0-9_~.-])|(?<=\\[nrt]))[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}",
    ),
    ("azure_openai_key", ("JQQJ99",), (52,), r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}"),
    (
        "slack_webhook",
        ("hooks.slack.com",),
        (0,),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,})",
    ),
    ("discord_webhook", ("/api/webhooks/",), (0,), rf"/api/webhooks/\d{{5,25}}/({_RUN}{{30,}})"),
    (
        "discord_token",
        (".",),
        (24, 25, 26, 27, 28),
        rf"(?:(?<![\w.-])|(?<=\\[nrt]))[MNO]{_RUN}{{23,27}}\.{_RUN}{{6}}\.{_RUN}{{27,40}}(?![\w-])",
    ),
    ("telegram_token", (":AA",), (8, 9, 10), rf"(?<!\d)\d{{8,10}}:AA{_RUN}{{32,33}}(?!{_RUN})"),
    ("twilio_key", ("SK",), (0,), rf"{_EDGE}SK[0-9a-f]{{32}}(?![0-9a-f])"),
    ("sendgrid_key", ("SG.",), (0,), rf"SG\.{_RUN}{{16,100}}\.{_RUN}{{16,100}}"),
    ("mailchimp_key", ("-us",), (32,), r"(?<![0-9a-f])[0-9a-f]{32}-us\d{1,2}(?!\w)"),
    ("airtable_token", ("pat",), (0,), r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("terraform_token", (".atlasv1.",), (14,), r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{50,}"),
    ("resend_key", ("re_",), (0,), r"(?<![A-Za-z0-9])re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),
    ("plaid_token", ("access-",), (0,), r"access-(?:sandbox|development|production)-[0-9a-f-]{36}"),
)


def _formats() -> Iterator[Format]:
    for kind, anchors, begins, pattern in _SHAPED:
        yield Format(kind, anchors, begins, re.compile(pattern))
    for kind, prefixes, least, run in _PREFIXED:
        prefix = "|".join(map(re.escape, prefixes))
        # Short prefixes end ordinary words, too ("task-", "surf_").
        edge = _EDGE if min(map(len, prefixes)) < 6 else ""
        yield Format(kind, prefixes, (0,), re.compile(f"{edge}(?:{prefix}){run}{{{least},}}"))


FORMATS = tuple(_formats())

LONG_RUN = re.compile(r"[-_./][A-Za-z0-9_/+-]{15}")
"""Stands in nearly every secret of FORMATS; seldom in prose."""
NO_RUN = re.compile(
    r"A(?:[KSB]IA|CCA|Iza|BSK|T[AC]TT3|TBB)|LTAI|JQQJ99|Q~|:AA|1//0|PRIVATE KEY|Private-Lines|SK[0-9a-f]{8}"
    r"|dapi[0-9a-f]|IQoJb3J|FwoGZXI|-us\d"
)
"""What stands in the others."""


_AROUND = 64
_LONGEST_HEAD = 4_000
_RUN_CHARS = string.ascii_letters + string.digits + "_-./+=~%:"


def formats_in(text: str) -> Iterator[Span]:
    """The pieces of a text that have one of the known formats."""
    for first, last in _places(text):
        for kind, anchors, begins, pattern in FORMATS:
            group = 1 if pattern.groups else 0
            for anchor in anchors:
                at = text.find(anchor, first, last)
                while at >= 0:
                    after = at + 1
                    for before in begins:
                        match = pattern.match(text, at - before) if at >= before else None
                        if match is not None:
                            yield Span(match.start(group), match.end(group), kind)
                            after = max(after, match.end())
                            break
                    at = text.find(anchor, after, last)
    if "PRIVATE KEY" in text:
        yield from _key_ends(text)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """The parts of a text in which the anchors of secrets may stand: around long runs, from where those begin."""
    hits = [hit.span() for hit in NO_RUN.finditer(text)]
    hits += [hit.span() for hit in LONG_RUN.finditer(text)]
    first, last = 0, 0
    for start, end in sorted(hits):
        if start > last:
            if last:
                yield first, last
            before = text[max(0, start - _LONGEST_HEAD) : start]
            first = start - max(_AROUND, len(before) - len(before.rstrip(_RUN_CHARS)))
            # What stands before that was in the place before this one.
            first = max(first, last - _AROUND, 0)
        last = end + _AROUND
    if last:
        yield first, last


def _key_ends(text: str) -> Iterator[Span]:
    """Ends of private keys whose beginning is cut off."""
    at = 0
    while (end := text.find("-----END ", at)) >= 0:
        label = re.compile(_KEY_LABEL).match(text, end + 9)
        begin, last = end, max(at, end - 20_000)
        while begin > last:
            line = text.rfind("\n", last, begin - 1) + 1 or last
            if not re.fullmatch(r"[A-Za-z0-9+/=]{1,76}\s{0,2}", text[line:begin]):
                break
            begin = line
        if label and begin < end:
            yield Span(begin, label.end(), "private_key")
        at = end + 9

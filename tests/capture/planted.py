"""Secrets as they look, one of each format: made up from a fixed seed, valid nowhere. Written apart, so that no scanner
takes this file for a leak."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import NamedTuple

_random = random.Random(14)
_ALNUM = string.ascii_letters + string.digits
_URLSAFE = _ALNUM + "-_"
_HEX = "0123456789abcdef"
_UPPER = string.ascii_uppercase + string.digits


def _of(alphabet: str, size: int) -> str:
    return _random.choice(_ALNUM if alphabet is _URLSAFE else alphabet) + "".join(
        _random.choice(alphabet) for _ in range(size - 1)
    )


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _jwt() -> str:
    head = _encoded({"alg": "HS256", "typ": "JWT"})
    return f"{head}.{_encoded({'sub': '4711', 'name': 'Ada', 'iat': 1700000000})}.{_of(_URLSAFE, 43)}"


def _pem(label: str) -> str:
    body = base64.b64encode(_random.randbytes(600)).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----"


class Planted(NamedTuple):
    """`text` is what stands in a value; `secret` the part of it of which no copy may be left."""

    name: str
    text: str
    secret: str


def _bare(name: str, secret: str) -> Planted:
    return Planted(name, secret, secret)


def _within(name: str, before: str, secret: str, after: str = "") -> Planted:
    return Planted(name, before + secret + after, secret)


_KEY = _pem("RSA PRIVATE KEY")

PLANTED = (
    _bare("openai", "sk-" + "proj-" + _of(_URLSAFE, 74) + "T3Blbk" + "FJ" + _of(_URLSAFE, 74)),
    _bare("openai_old", "sk-" + _of(_ALNUM, 20) + "T3Blbk" + "FJ" + _of(_ALNUM, 20)),
    _bare("openai_service", "sk-" + "svcacct-" + _of(_URLSAFE, 60)),
    _bare("deepseek", "sk-" + _of(_HEX, 32)),
    _bare("anthropic", "sk-" + "ant-api03-" + _of(_URLSAFE, 93) + "AA"),
    _bare("openrouter", "sk-" + "or-v1-" + _of(_HEX, 64)),
    _bare("google", "AI" + "za" + _of(_URLSAFE, 35)),
    _bare("google_oauth", "ya29" + "." + _of(_URLSAFE, 60)),
    _bare("google_client", "GOC" + "SPX-" + _of(_URLSAFE, 28)),
    _bare("aws_access", "AK" + "IA" + _of(_UPPER, 16)),
    _within("aws_secret", "aws_secret_access_key = ", _of(_ALNUM + "/+", 40)),
    _within("aws_pair", "AK" + "IA" + _of(_UPPER, 16) + ",", _of(_ALNUM + "/+", 40)),
    _bare("aws_session", "IQoJ" + "b3JpZ2luX2Vj" + _of(_ALNUM + "/+", 200)),
    _within("azure_storage", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=", _of(_ALNUM + "+/", 86) + "=="),
    _bare("azure_client", _of(_ALNUM, 3) + "8Q" + "~" + _of(_URLSAFE, 34)),
    _bare("azure_openai", _of(_ALNUM, 52) + "JQQJ" + "99" + _of(_ALNUM, 26)),
    _within("azure_sas", "https://a.blob.core.windows.net/c?sv=2024-01-01&sig=", _of(_ALNUM, 40) + "%2B8w%3D"),
    _bare("github", "gh" + "p_" + _of(_ALNUM, 36)),
    _bare("github_app", "gh" + "s_" + _of(_ALNUM, 36)),
    _bare("github_fine", "github" + "_pat_" + _of(_ALNUM, 22) + "_" + _of(_ALNUM, 59)),
    _bare("gitlab", "gl" + "pat-" + _of(_URLSAFE, 20)),
    _bare("gitlab_routable", "gl" + "pat-" + _of(_URLSAFE, 44) + ".01." + _of(_HEX, 9)),
    _bare("slack_bot", "xo" + "xb-" + _of(string.digits, 12) + "-" + _of(string.digits, 13) + "-" + _of(_ALNUM, 24)),
    _bare("slack_app", "xa" + "pp-1-A0" + _of(_UPPER, 9) + "-" + _of(string.digits, 13) + "-" + _of(_HEX, 64)),
    _within(
        "slack_webhook", "https://hooks.slack.com/services/", f"T{_of(_UPPER, 8)}/B{_of(_UPPER, 8)}/{_of(_ALNUM, 24)}"
    ),
    _bare("stripe", "sk_" + "live_" + _of(_ALNUM, 24)),
    _bare("stripe_restricted", "rk_" + "test_" + _of(_ALNUM, 99)),
    _bare("webhook", "wh" + "sec_" + _of(_ALNUM, 32)),
    _bare("huggingface", "h" + "f_" + _of(string.ascii_letters, 34)),
    _bare("twilio", "S" + "K" + _of(_HEX, 32)),
    _bare("sendgrid", "S" + "G." + _of(_URLSAFE, 22) + "." + _of(_URLSAFE, 43)),
    _bare("npm", "np" + "m_" + _of(_ALNUM, 36)),
    _bare("pypi", "py" + "pi-AgEIcHlwaS5vcmc" + _of(_URLSAFE, 150)),
    _bare("docker", "dckr" + "_pat_" + _of(_URLSAFE, 27)),
    _bare("digitalocean", "do" + "p_v1_" + _of(_HEX, 64)),
    _bare("databricks", "da" + "pi" + _of(_HEX, 32)),
    _bare("discord", "M" + _of(_ALNUM, 25) + "." + _of(_URLSAFE, 6) + "." + _of(_URLSAFE, 37) + "A"),
    _bare("telegram", _of("123456789", 10) + ":" + "AA" + _of(_URLSAFE, 33)),
    _bare("shopify", "sh" + "pat_" + _of(_HEX, 32)),
    _bare("mailgun", "ke" + "y-" + _of(_HEX, 32)),
    _bare("mailchimp", _of(_HEX, 32) + "-" + "us12"),
    _bare("linear", "lin" + "_api_" + _of(_ALNUM, 40)),
    _bare("notion", "nt" + "n_" + _of(_ALNUM, 46)),
    _bare("langsmith", "ls" + "v2_pt_" + _of(_HEX, 32) + "_" + _of(_HEX, 10)),
    _bare("groq", "gs" + "k_" + _of(_ALNUM, 52)),
    _bare("perplexity", "pp" + "lx-" + _of(_ALNUM, 48)),
    _bare("replicate", "r" + "8_" + _of(_ALNUM, 37)),
    _bare("tavily", "tv" + "ly-dev-" + _of(_ALNUM, 32)),
    _bare("nvidia", "nv" + "api-" + _of(_URLSAFE, 64)),
    _bare("pinecone", "pc" + "sk_" + _of(_ALNUM, 6) + "_" + _of(_ALNUM, 60)),
    _bare("vault", "hv" + "s." + _of(_URLSAFE, 90)),
    _bare("grafana", "gl" + "sa_" + _of(_ALNUM, 32) + "_" + _of(_HEX, 8)),
    _bare("airtable", "pa" + "t" + _of(_ALNUM, 14) + "." + _of(_HEX, 64)),
    _bare("jwt", _jwt()),
    _within("pem", "", _KEY),
    _within("pem_pkcs8", "", _pem("PRIVATE KEY")),
    _within("pem_openssh", "", _pem("OPENSSH PRIVATE KEY")),
    _within("bearer", "Authorization: Bearer ", _of(_ALNUM, 40)),
    _within("basic", "Authorization: Basic ", base64.b64encode(b"ada:" + _of(_ALNUM, 12).encode()).decode()),
    _within("bearer_alone", "curl -H 'Bearer ", _of(_ALNUM, 32), "'"),
    _within("url_password", "https://ada:", _of(_ALNUM, 12), "@example.com/x"),
    _within("postgres", "postgresql://app:", "p!" + _of(_ALNUM, 10), "@db.internal:5432/app?sslmode=require"),
    _within("mongodb", "mongodb+srv://app:", _of(_ALNUM, 16), "@cluster0.mongodb.net/test"),
    _within("redis", "redis://:", _of(_ALNUM, 16), "@cache:6379/0"),
    _within("odbc", "Server=db;User Id=app;Password=", "w8-" + _of(_ALNUM, 9), ";Encrypt=true"),
    _within("libpq", "host=db user=app password=", _of(_ALNUM, 11) + "7", " dbname=app"),
    _within("assignment", "API_KEY=", _of(_ALNUM, 20) + "3"),
    _within("json_password", '{"user": "ada", "password": "', "correct horse", '"}'),
    _within("json_escaped", '{\\"api_key\\": \\"', _of(_ALNUM, 18), '\\"}'),
    _within("yaml_secret", "client_secret: ", _of(_ALNUM, 16) + "9"),
    _within("query", "https://example.com/v1?q=1&access_token=", _of(_ALNUM, 24) + "5", "&page=2"),
    _within("flag", "deploy --token ", _of(_ALNUM, 20) + "1", " --now"),
    _within("cookie", "Cookie: ", "sid=" + _of(_ALNUM, 24) + "; theme=" + _of(_HEX, 6)),
    _within("set_cookie", "Set-Cookie: ", "session=" + _of(_ALNUM, 32), ""),
)
"""At least 30 formats; no two share a secret."""

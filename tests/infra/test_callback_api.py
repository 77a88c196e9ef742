"""What AWS makes of the callback address: the template as the SAM transform expands it.

MiniStack runs the same transform but keeps only the routes of an API's definition, so what Orderful is answered when
the function is not reached can be seen here and nowhere else on this machine.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from testkit.laptop import deploy
from testkit.laptop.ministack import MiniStack
from testkit.laptop.stack import Sandbox, Stack

ROOT = Path(__file__).resolve().parents[2]
# The transform wants code that was uploaded before, and knows the region from a session.
EXPAND = """
import json, sys
import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

template = yaml_parse(open("template.yaml").read())
for resource in template["Resources"].values():
    for name in ("CodeUri", "ContentUri"):
        if name in resource.get("Properties", {}):
            resource["Properties"][name] = "s3://uploaded/code"
session = boto3.Session(region_name="eu-north-1")
expanded = Translator({}, Parser(), boto_session=session).translate(template, json.loads(sys.argv[1]))
print(json.dumps(expanded["Resources"]))
"""
# Orderful, "Transaction success and failure": these are tried again, everything else but 2xx gives the document up.
TRIED_AGAIN = {404, 408, 409, 423, 429, 502, 503, 504}
# API Gateway, "Gateway response types": all there are.
RESPONSE_TYPES = {
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
}
SOURCES = "192.0.2.0/24,198.51.100.7/32"

pytestmark = pytest.mark.xdist_group("artifact")

Expand = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="session")
def expand() -> Expand:
    """The resources of the expanded template for a value of `CallbackSources`."""

    @cache
    def expanded(sources: str = "") -> dict[str, Any]:
        ended = subprocess.run(
            [deploy.SAM.with_name("python"), "-W", "ignore", "-c", EXPAND, json.dumps({"CallbackSources": sources})],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        resources: dict[str, Any] = json.loads(ended.stdout)
        return resources

    return expanded


def _of_type(resources: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == kind}


def _api(resources: dict[str, Any]) -> dict[str, Any]:
    (api,) = _of_type(resources, "AWS::ApiGateway::RestApi").values()
    return api


def test_there_is_one_regional_api_with_one_stage_and_one_route(expand: Expand) -> None:
    resources = expand("")
    api = _api(resources)
    (stage,) = _of_type(resources, "AWS::ApiGateway::Stage").values()

    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert stage["StageName"] == "v1"
    assert {path: list(methods) for path, methods in api["Body"]["paths"].items()} == {"/orderful": ["post"]}


def test_the_request_goes_to_the_function_as_it_is(expand: Expand) -> None:
    integration = _api(expand(""))["Body"]["paths"]["/orderful"]["post"]["x-amazon-apigateway-integration"]

    assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
    assert {"Fn::GetAtt": ["ReceiveCallbackFunction", "Arn"]} in integration["uri"]["Fn::Join"][1]


def test_only_this_route_of_this_api_may_start_the_function(expand: Expand) -> None:
    permissions = _of_type(expand(""), "AWS::Lambda::Permission").values()
    (allowed,) = [each for each in permissions if each["Principal"] == "apigateway.amazonaws.com"]
    arn, given = allowed["SourceArn"]["Fn::Sub"]

    assert allowed["FunctionName"] == {"Ref": "ReceiveCallbackFunction"}
    assert arn.endswith(":${__ApiId__}/${__Stage__}/POST/orderful")
    assert given["__ApiId__"] == {"Ref": "CallbackApi"}


@pytest.mark.parametrize("kind", sorted(RESPONSE_TYPES))
def test_orderful_tries_again_whatever_api_gateway_has_to_say(kind: str, expand: Expand) -> None:
    answers = _api(expand(""))["Body"]["x-amazon-apigateway-gateway-responses"]
    default = "DEFAULT_5XX" if kind in {"AUTHORIZER_FAILURE", "INTEGRATION_FAILURE"} else "DEFAULT_4XX"

    assert int(answers.get(kind, answers[default])["statusCode"]) in TRIED_AGAIN
    assert set(answers) <= RESPONSE_TYPES


def test_too_many_calls_and_a_wrong_address_keep_their_meaning(expand: Expand) -> None:
    answers = _api(expand(""))["Body"]["x-amazon-apigateway-gateway-responses"]

    assert answers["THROTTLED"]["statusCode"] == "429"
    assert answers["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == answers["RESOURCE_NOT_FOUND"]["statusCode"] == "404"


def test_calls_are_limited_and_api_gateway_logs_none_of_them(expand: Expand) -> None:
    (stage,) = _of_type(expand(""), "AWS::ApiGateway::Stage").values()
    (settings,) = stage["MethodSettings"]

    assert (settings["ResourcePath"], settings["HttpMethod"]) == ("/*", "*")
    assert settings["ThrottlingRateLimit"] == {"Ref": "CallbackRate"}
    assert settings["ThrottlingBurstLimit"] == {"Ref": "CallbackBurst"}
    assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("OFF", False)
    assert not stage.get("AccessLogSetting")


def test_sources_are_compared_only_where_some_are_given(expand: Expand, template: dict[str, Any]) -> None:
    (statement,) = _api(expand(SOURCES))["Body"]["x-amazon-apigateway-policy"]["Statement"]
    name, given, otherwise = statement["Condition"]["Fn::If"]

    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    assert statement["Resource"] == "execute-api:/v1/POST/orderful"
    assert given == {"IpAddress": {"aws:SourceIp": {"Fn::Split": [",", SOURCES]}}}
    assert otherwise == {"Ref": "AWS::NoValue"}
    (compared,) = template["Conditions"][name]["Fn::Not"]
    assert "" in compared["Fn::Equals"]
    assert {"Ref": "CallbackSources"} in compared["Fn::Equals"]


def test_other_sources_bring_a_new_deployment_and_the_same_ones_none(expand: Expand) -> None:
    """API Gateway: a changed policy comes into force with the next deployment of the stage."""
    deployments = {
        sources: set(_of_type(expand(sources), "AWS::ApiGateway::Deployment")) for sources in ("", SOURCES, "::/0")
    }

    assert all(len(names) == 1 for names in deployments.values())
    assert len(set.union(*deployments.values())) == 3
    expand.cache_clear()  # type: ignore[attr-defined]
    assert set(_of_type(expand(SOURCES), "AWS::ApiGateway::Deployment")) == deployments[SOURCES]


def test_the_laptop_stack_has_the_route_below_a_path_of_its_own() -> None:
    sandbox = Sandbox("orderful", 1, "http://127.0.0.1:1")
    laptop = Stack(MiniStack(1, 4567, ".", "tmp"), sandbox, sandbox, {"CallbackApiId": "e6bed2ad"})

    assert laptop.callback_url == "http://127.0.0.1:4567/_aws/execute-api/e6bed2ad/v1/orderful"

"""The official Python clients behind one door: an action and its parameters by their names on the wire.

Each class uses its SDK as its documentation says and changes nothing in it. A parameter that is `None` is not sent.
"""

import importlib
import json
import re

from alibabacloud_kms20160120 import models as kms_models
from alibabacloud_kms20160120.client import Client as KmsClient
from alibabacloud_oos20190601 import models as oos_models
from alibabacloud_oos20190601.client import Client as OosClient
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from darabonba.exceptions import ResponseException

KEY_SECRET = "only-for-the-fake"


class Refused(Exception):
    """The cloud said no."""

    def __init__(self, status, code, message, request_id):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.request_id = status, code, message, request_id


class Call:
    """One call in the making: what is called, where, over what and by whom."""

    def __init__(self, action, parameters, host, scheme="https", key=("LTAI5tInteropRoot", KEY_SECRET)):
        self.action, self.host, self.scheme, self.key = action, host, scheme, key
        self.parameters = {name: value for name, value in parameters.items() if value is not None}


class Tea:
    """The current SDKs, one package for each product, with either signature."""

    def __init__(self, package, product, signature, ca_file):
        self.package, self.product, self.signature, self.ca_file = package, product, signature, ca_file
        self.name = f"Python, {signature}"
        self.slug = f"python-{product}-{signature.lower()}"
        self.models, self.client = {"kms": (kms_models, KmsClient), "oos": (oos_models, OosClient)}[product]

    def call(self, call):
        config = Config(
            access_key_id=call.key[0],
            access_key_secret=call.key[1],
            endpoint=call.host,
            protocol=call.scheme,
            ca=self.ca_file,
            signature_algorithm="v2" if self.signature == "V1" else None,
        )
        operation = getattr(self.client(config), snake(call.action))
        try:
            answer = operation(self.request(call))
        except ResponseException as error:
            request_id = getattr(error, "request_id", None) or (error.data or {}).get("RequestId")
            raise Refused(error.status_code, error.code, error.message, request_id) from error
        return answer.body.to_map()

    def request(self, call):
        """The request's model. Where it wants a text for a structure, that is JSON."""
        structured = self.structured(call.action)
        fields = {
            name: json.dumps(value) if isinstance(value, (dict, list)) and name not in structured else value
            for name, value in call.parameters.items()
        }
        request = getattr(self.models, f"{call.action}Request")().from_map(fields)
        unknown = fields.keys() - request.to_map().keys()
        assert not unknown, f"{self.package} has no {unknown} in {call.action}"
        return request

    def structured(self, action):
        """The parameters that the client itself turns into JSON."""
        shrink = getattr(self.models, f"{action}ShrinkRequest", None)
        if shrink is None:
            return set()
        fields = {field: "x" for field in vars(shrink()) if field.endswith("_shrink")}
        return set(shrink(**fields).to_map())


class Core:
    """The SDK before those: a core for all products, and a class for each operation it knew."""

    name, product, signature, slug = "Python core, V1", "kms", "V1", "python-core-kms-v1"

    def __init__(self, package, ca_file):
        self.package, self.ca_file = package, ca_file

    def call(self, call):
        client = AcsClient(*call.key, "cn-hangzhou", auto_retry=False, verify=self.ca_file)
        request = self.request(call)
        request.set_endpoint(call.host)
        request.set_protocol_type(call.scheme)
        request.set_accept_format("json")
        try:
            return json.loads(client.do_action_with_exception(request))
        except ServerException as error:
            code = error.get_error_code()
            if code == "InvalidAccessKeySecret":
                # The client's own word for a signature that does not match although the server signed the same text.
                code = "SignatureDoesNotMatch"
            raise Refused(error.get_http_status(), code, error.get_error_msg(), error.get_request_id()) from error

    @staticmethod
    def request(call):
        fields = {
            name: json.dumps(value) if isinstance(value, (dict, list)) else value
            for name, value in call.parameters.items()
        }
        try:
            module = importlib.import_module(f"aliyunsdkkms.request.v20160120.{call.action}Request")
        except ModuleNotFoundError:
            module = None
        if module is not None:
            request = getattr(module, f"{call.action}Request")()
            setters = {name: getattr(request, f"set_{name.replace('.', '')}", None) for name in fields}
            if None not in setters.values():
                for name, value in fields.items():
                    setters[name](value)
                return request
        # What came after it goes through its door for everything.
        request = CommonRequest(domain=call.host, version="2016-01-20", action_name=call.action)
        request.set_method("POST")
        for name, value in fields.items():
            request.add_query_param(name, value)
        return request


def snake(action):
    """`ListSecretVersionIds` as a function of Python."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()

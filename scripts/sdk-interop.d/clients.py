"""The official Python clients behind one door: an action and its parameters by their names on the wire.

Each class uses its SDK as its documentation says and changes nothing in it. A parameter that is `None` is not sent.
"""

import importlib
import json

from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import AccessKeyCredential, StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from darabonba.exceptions import ResponseException

KEY_SECRET = "only-for-the-fake"
VERSIONS = {"kms": "2016-01-20", "oos": "2019-06-01", "sts": "2015-04-01", "ram": "2015-05-01", "ims": "2019-08-15"}


class Refused(Exception):
    """The cloud said no. `detail` is what it told of the permission, `retry_after` what the client made of its hint."""

    def __init__(self, status, code, message, request_id, detail=None, retry_after=None):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.request_id = status, code, message, request_id
        self.detail, self.retry_after = detail, retry_after


class Call:
    """One call in the making: what is called, where, over what and by whom.

    A key is an id and a secret; that of a session has a token too.
    """

    def __init__(self, action, parameters, host, scheme="https", key=("LTAI5tInteropRoot", KEY_SECRET)):
        self.action, self.host, self.scheme, self.key = action, host, scheme, key
        self.parameters = {name: value for name, value in parameters.items() if value is not None}


def signature_of(action, signature):
    """The signature that a client uses for an action: some prove in their own way who asks."""
    return "none" if action == "AssumeRoleWithOIDC" else signature


class Tea:
    """The current SDKs, one package for each product, with either signature."""

    tells_detail = tells_hint = True

    def __init__(self, package, product, signature, ca_file):
        self.package, self.product, self.signature, self.ca_file = package, product, signature, ca_file
        self.family = self.name = f"Python, {signature}"
        self.slug = f"python-{product}-{signature.lower()}"
        module = f"alibabacloud_{product}{VERSIONS[product].replace('-', '')}"
        self.models = importlib.import_module(f"{module}.models")
        self.client = importlib.import_module(f"{module}.client").Client
        # `create_oidcprovider` is `CreateOIDCProvider`: the words of an action cannot be told from its letters.
        self.methods = {name.replace("_", ""): name for name in dir(self.client)}

    def signature_of(self, action):
        return signature_of(action, self.signature)

    def call(self, call):
        key_id, secret, *token = call.key
        config = Config(
            access_key_id=key_id,
            access_key_secret=secret,
            security_token=token[0] if token else None,
            endpoint=call.host,
            protocol=call.scheme,
            ca=self.ca_file,
            signature_algorithm="v2" if self.signature == "V1" else None,
        )
        operation = getattr(self.client(config), self.methods[call.action.lower()])
        try:
            # An operation without parameters has no model for them.
            answer = operation(self.request(call)) if hasattr(self.models, f"{call.action}Request") else operation()
        except ResponseException as error:
            request_id = getattr(error, "request_id", None) or (error.data or {}).get("RequestId")
            hints = [getattr(error, name, None) for name in ("access_denied_detail", "retry_after")]
            raise Refused(error.status_code, error.code, error.message, request_id, *hints) from error
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

    family = name = "Python core, V1"
    signature = "V1"
    tells_detail = tells_hint = False

    def __init__(self, package, product, ca_file):
        self.package, self.product, self.ca_file = package, product, ca_file
        self.slug = f"python-core-{product}-v1"

    def signature_of(self, _action):
        """It signs everything, also what need not be."""
        return self.signature

    def call(self, call):
        kind = StsTokenCredential if len(call.key) == 3 else AccessKeyCredential
        settings = {"region_id": "cn-hangzhou", "auto_retry": False, "verify": self.ca_file}
        client = AcsClient(credential=kind(*call.key), **settings)
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

    def request(self, call):
        fields = {
            name: json.dumps(value) if isinstance(value, (dict, list)) else value
            for name, value in call.parameters.items()
        }
        version = VERSIONS[self.product]
        place = f"aliyunsdk{self.product}.request.v{version.replace('-', '')}.{call.action}Request"
        try:
            module = importlib.import_module(place)
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
        request = CommonRequest(domain=call.host, version=version, action_name=call.action)
        request.set_method("POST")
        for name, value in fields.items():
            request.add_query_param(name, value)
        return request

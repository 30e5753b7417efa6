"""JSON-RPC lines on standard input and output."""
import json
import sys

PARSE_ERROR, INVALID_REQUEST, UNKNOWN_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602
WRONG_STATE, POLICY_FORBIDS, UNKNOWN_PEER, STORAGE_FAILED = 1, 2, 3, 4


class Failure(Exception):
    """A request that cannot be done: the code and the message of its answer."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.message = code, message


def text(data):
    """Bytes from the network as text; what is not UTF-8 is replaced."""
    return data.decode("utf-8", "replace")


def notify(method, **params):
    _write({"jsonrpc": "2.0", "method": method, "params": params})


def warn(peer, code, words):
    notify("warning", peer=peer, code=code, text=words)


def serve(call):
    """Answers each line with what `call(method, params)` returns or raises, until the input ends."""
    for line in sys.stdin.buffer:
        if line.strip(b" \t\r\n"):
            _answer(line, call)


def _answer(line, call):
    answer = {"jsonrpc": "2.0", "id": None}
    try:
        request = _parse(line)
        has_id = isinstance(request, dict) and "id" in request and _is_id(request["id"])
        if not has_id:
            raise Failure(INVALID_REQUEST, "a request is an object with an id, a string or a number")
        answer["id"] = request["id"]
        if request.get("jsonrpc") != "2.0" or not isinstance(request.get("method"), str):
            raise Failure(INVALID_REQUEST, 'a request has jsonrpc "2.0" and a method')
        params = request.get("params", {})
        if not isinstance(params, dict):
            raise Failure(INVALID_PARAMS, "params must be an object")
        answer["result"] = call(request["method"], params)
    except Failure as failure:
        answer["error"] = {"code": failure.code, "message": failure.message}
    _write(answer)


def _parse(line):
    try:
        return json.loads(line.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Failure(PARSE_ERROR, "this line is not JSON") from None


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")


def _is_id(value):
    return value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool))


def _write(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()

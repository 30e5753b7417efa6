package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"
)

const (
	parseError     = -32700
	invalidRequest = -32600
	unknownMethod  = -32601
	invalidParams  = -32602
	wrongState     = 1
	policyForbids  = 2
	unknownPeer    = 3
	storageFailed  = 4
)

// object is a JSON object to be written.
type object map[string]interface{}

// failure is a JSON-RPC error.
type failure struct {
	code    int
	message string
}

func fail(code int, message string) *failure {
	return &failure{code, message}
}

var out = bufio.NewWriter(os.Stdout)

func flush() {
	if err := out.Flush(); err != nil {
		os.Exit(1) // nobody listens any more
	}
}

func write(line object) {
	line["jsonrpc"] = "2.0"
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(line); err != nil {
		fmt.Fprintf(os.Stderr, "otr3-driver: %s\n", err)
		os.Exit(1)
	}
}

func notify(method string, params object) {
	write(object{"method": method, "params": params})
}

func respondError(id interface{}, failure *failure) {
	write(object{"id": id, "error": object{"code": failure.code, "message": failure.message}})
}

// answer carries out one line and writes its one response.
func answer(account *account, line []byte) {
	defer flush()
	var any interface{}
	if !utf8.Valid(line) || json.Unmarshal(line, &any) != nil {
		respondError(nil, fail(parseError, "this line is not JSON"))
		return
	}
	var request map[string]json.RawMessage
	if json.Unmarshal(line, &request) != nil || !isID(request["id"]) {
		respondError(nil, fail(invalidRequest, "a request is an object with an id, a string or a number"))
		return
	}
	id := request["id"]
	version, isVersion := text(request["jsonrpc"])
	method, isMethod := text(request["method"])
	if !isVersion || version != "2.0" || !isMethod {
		respondError(id, fail(invalidRequest, `a request has jsonrpc "2.0" and a method`))
		return
	}
	result, failure := call(account, method, request["params"])
	if failure != nil {
		respondError(id, failure)
		return
	}
	write(object{"id": id, "result": result})
}

func isID(raw json.RawMessage) bool {
	return len(raw) > 0 && raw[0] != '{' && raw[0] != '[' && raw[0] != 't' && raw[0] != 'f'
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || string(raw) == "null"
}

// text is the string that raw is, if it is one.
func text(raw json.RawMessage) (string, bool) {
	var value string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &value) != nil {
		return "", false
	}
	return value, true
}

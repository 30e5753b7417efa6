'use strict'
// JSON-RPC lines on standard input and output.

const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
const UNKNOWN_METHOD = -32601
const INVALID_PARAMS = -32602
const WRONG_STATE = 1
const POLICY_FORBIDS = 2
const UNKNOWN_PEER = 3
const STORAGE_FAILED = 4

/** A request that cannot be done: the code and the message of its answer. */
class Failure extends Error {
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

function notify(method, params) {
  write({ jsonrpc: '2.0', method, params })
}

function warn(peer, code, text) {
  notify('warning', { peer, code, text })
}

/** Answers each line with what `call(method, params)` promises, one after the other, until the input ends. */
async function serve(input, call) {
  let rest = []
  for await (const chunk of input) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)])
      rest = []
      from = end + 1
      await answerUnlessBlank(line, call)
    }
    rest.push(chunk.subarray(from))
  }
  await answerUnlessBlank(Buffer.concat(rest), call)
}

async function answerUnlessBlank(line, call) {
  if (line.some(byte => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d)) write(await answer(line, call))
}

async function answer(line, call) {
  const reply = { jsonrpc: '2.0', id: null }
  try {
    const request = parse(line)
    if (!isObject(request) || !isId(request.id)) {
      throw new Failure(INVALID_REQUEST, 'a request is an object with an id, a string or a number')
    }
    reply.id = request.id
    if (request.jsonrpc !== '2.0' || typeof request.method !== 'string') {
      throw new Failure(INVALID_REQUEST, 'a request has jsonrpc "2.0" and a method')
    }
    const params = request.params === undefined ? {} : request.params
    if (!isObject(params)) throw new Failure(INVALID_PARAMS, 'params must be an object')
    reply.result = await call(request.method, params)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    reply.error = { code: error.code, message: error.message }
  }
  return reply
}

function parse(line) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line))
  } catch {
    throw new Failure(PARSE_ERROR, 'this line is not JSON')
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(id) {
  return id === null || typeof id === 'string' || typeof id === 'number'
}

function write(value) {
  process.stdout.write(JSON.stringify(value) + '\n')
}

module.exports = {
  Failure, notify, warn, serve,
  INVALID_PARAMS, UNKNOWN_METHOD, WRONG_STATE, POLICY_FORBIDS, UNKNOWN_PEER, STORAGE_FAILED
}

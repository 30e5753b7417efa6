'use strict'
// The requests of the contract.

const rpc = require('./rpc.js')
const { Conversation } = require('./conversation.js')

const { Failure } = rpc
const POLICIES = ['never', 'manual', 'opportunistic', 'always']

// A TLV holds 65535 bytes; an SMP1 message takes less than 1300 of them.
const MAX_QUESTION = 60000
// The library takes a file's name of less than 65532 bytes, and says that it is one by this use.
const MAX_USE_DATA = 65531
const USE_FILE = 1

class Methods {
  constructor(account) {
    this.account = account
    this.conversations = new Map()
  }

  async call(method, params) {
    if (method === 'identity') return this.account.identity()
    const act = TABLE.get(method)
    if (!act) throw new Failure(rpc.UNKNOWN_METHOD, 'there is no such method')
    const { peer } = params
    if (!isText(peer) || !peer || /[\t\r\n]/.test(peer)) {
      throw new Failure(rpc.INVALID_PARAMS, 'peer must be a name without control characters')
    }
    const conversation = this.#conversation(peer)
    let result
    try {
      result = act(conversation, params)
    } finally {
      await conversation.settle()
    }
    this.#checkStorage(method)
    return result ?? {}
  }

  async endAll() {
    for (const conversation of this.conversations.values()) {
      conversation.end()
      await conversation.settle()
    }
  }

  #conversation(peer) {
    if (!this.conversations.has(peer)) this.conversations.set(peer, new Conversation(this.account, peer))
    return this.conversations.get(peer)
  }

  #checkStorage(method) {
    if (!this.account.storageFailed) return
    this.account.storageFailed = false
    const text = 'the fingerprints could not be written; see standard error'
    if (method === 'trust') throw new Failure(rpc.STORAGE_FAILED, text)
    rpc.warn(null, 'other', text)
  }
}

const TABLE = new Map(Object.entries({
  start(conversation) {
    if (conversation.policy === 'never') {
      throw new Failure(rpc.POLICY_FORBIDS, 'the policy for this peer allows no version of OTR')
    }
    conversation.query()
  },

  send(conversation, params) {
    return { status: conversation.say(text(params, 'text')) }
  },

  receive(conversation, params) {
    conversation.hear(text(params, 'message'))
  },

  end(conversation) {
    conversation.end()
  },

  heartbeat(conversation) {
    requirePrivate(conversation)
    conversation.heartbeat()
  },

  'smp.start'(conversation, params) {
    const secret = text(params, 'secret')
    const question = isGiven(params.question) ? text(params, 'question') : undefined
    if (question && Buffer.byteLength(question) > MAX_QUESTION) {
      throw new Failure(rpc.INVALID_PARAMS, 'the question is longer than 60000 bytes')
    }
    requirePrivate(conversation)
    if (conversation.smpState()) conversation.smpAbort() // the protocol wants the old run aborted first
    smp(conversation, secret, question)
  },

  'smp.answer'(conversation, params) {
    const secret = text(params, 'secret')
    requirePrivate(conversation)
    if (conversation.smpState() !== 'asked') {
      throw new Failure(rpc.WRONG_STATE, 'the peer has not asked; use smp.start to ask')
    }
    smp(conversation, secret)
  },

  'smp.abort'(conversation) {
    requirePrivate(conversation)
    conversation.smpAbort()
  },

  trust(conversation, params) {
    const { fingerprint, trusted } = params
    if (!isText(fingerprint) || !/^[0-9a-f]{40}$/i.test(fingerprint) || typeof trusted !== 'boolean') {
      throw new Failure(rpc.INVALID_PARAMS, 'fingerprint must be 40 hex digits and trusted true or false')
    }
    const { account, peer } = conversation
    if (account.trust(peer, fingerprint.toLowerCase()) === undefined) {
      throw new Failure(rpc.UNKNOWN_PEER, 'this fingerprint is not known for this peer')
    }
    account.setTrust(peer, fingerprint.toLowerCase(), trusted ? 'verified' : '')
  },

  extra_key(conversation, params) {
    const { use } = params
    const data = isGiven(params.data) ? text(params, 'data') : ''
    if (!Number.isInteger(use) || use < 0 || use > 0xffffffff) {
      throw new Failure(rpc.INVALID_PARAMS, 'use must be a number of 32 bits')
    }
    if (!/^([0-9a-f]{2})*$/i.test(data) || data.length > 2 * MAX_USE_DATA) {
      throw new Failure(rpc.INVALID_PARAMS, 'data must be hex digits, at most 65531 bytes')
    }
    requirePrivate(conversation)
    const bytes = Buffer.from(data, 'hex')
    const name = bytes.toString()
    if (use !== USE_FILE || !name || !Buffer.from(name).equals(bytes)) {
      throw new Failure(rpc.WRONG_STATE, 'otr.js announces files only: use 1, and a name in UTF-8 as data')
    }
    const key = conversation.extraKey(name)
    if (!key) throw new Failure(rpc.WRONG_STATE, 'otr.js has an extra key in version 3 only; start a session of that')
    return { key }
  },

  policy(conversation, params) {
    const policy = isGiven(params.policy) ? params.policy : conversation.policy
    const versions = isGiven(params.versions) ? params.versions : conversation.versions
    if (!POLICIES.includes(policy)) {
      throw new Failure(rpc.INVALID_PARAMS, 'policy must be never, manual, opportunistic or always')
    }
    if (!Array.isArray(versions) || !versions.length || versions.some(version => version !== 2 && version !== 3)) {
      throw new Failure(rpc.INVALID_PARAMS, 'versions must be a list of 2 and 3')
    }
    conversation.setPolicy(policy, [2, 3].filter(version => versions.includes(version)))
    return { policy: conversation.policy, versions: conversation.versions }
  },

  status(conversation) {
    return conversation.status()
  }
}))

function smp(conversation, secret, question) {
  const complaint = conversation.smp(secret, question)
  if (complaint) throw new Failure(rpc.WRONG_STATE, `otr.js refuses: ${complaint}`)
}

function requirePrivate(conversation) {
  if (conversation.state !== 'encrypted') {
    throw new Failure(rpc.WRONG_STATE, 'there is no encrypted session with this peer; use start first')
  }
}

function isGiven(value) {
  return value !== undefined && value !== null
}

/** A string that UTF-8 can hold, without NUL. */
function isText(value) {
  return typeof value === 'string' && !value.includes('\0') && Buffer.from(value).toString() === value
}

function text(params, name) {
  if (!isText(params[name])) throw new Failure(rpc.INVALID_PARAMS, `${name} must be a string without NUL`)
  return params[name]
}

module.exports = { Methods, POLICIES }

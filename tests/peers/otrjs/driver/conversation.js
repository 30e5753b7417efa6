'use strict'
// A conversation with one peer: the library's object, and what it tells as notifications.

const { OTR } = require('otr')
const { notify, warn } = require('./rpc.js')
const { hex } = require('./account.js')

const { CONST } = OTR
const STATES = ['plaintext', 'encrypted', 'finished']

// The longest header and the end of a fragment; the library counts only what is between them.
const FRAGMENT_HEADER = 36

const WARNINGS = new Map([
  ['Received a message intended for a different session.', 'for_other_instance'],
  ['OTR conversation requested, but no compatible protocol version found.', 'unsupported_version']
])
const UNENCRYPTED = 'Received an unencrypted message.'

class Conversation {
  constructor(account, peer) {
    Object.assign(this, { account, peer, policy: account.policy, versions: account.versions })
    this.fingerprint = null
    this.version = null
    this.question = null
    this.otr = this.#newObject()
  }

  get state() {
    return STATES[this.otr.msgstate]
  }

  setPolicy(policy, versions) {
    Object.assign(this, { policy, versions })
    this.#applyPolicy(this.otr)
  }

  query() {
    this.otr.sendQueryMsg()
  }

  /** Sends what a user wrote; the status that the contract has for what became of it. */
  say(text) {
    const state = this.state
    if (state === 'finished' || (state === 'encrypted' && this.policy === 'never')) return 'refused'
    if (this.policy === 'never') {
      this.#inject(text)
      return 'plaintext'
    }
    const failed = this.#errorsOf(() => this.otr.sendMsg(text))
    if (failed) return 'refused'
    if (state === 'encrypted') return 'sent'
    return this.policy === 'always' ? 'queued' : 'plaintext'
  }

  /** Takes a message from the network. */
  hear(message) {
    if (this.policy === 'never') {
      this.#show(message, false)
      return
    }
    this.received = message
    this.unencrypted = false
    try {
      this.otr.receiveMsg(message)
    } catch (error) { // whatever broken input makes the library stumble over
      warn(this.peer, 'malformed', `a malformed message arrived: ${error.name}`)
    }
    this.received = null
  }

  end() {
    this.otr.endOtr()
  }

  heartbeat() {
    this.otr.sendMsg('')
  }

  /** Once all has been sent: a session that is over leaves nothing to the next. */
  async settle() {
    while (this.otr.outgoing.length) await new Promise(resolve => setTimeout(resolve, 0))
    if (this.over) {
      this.over = false
      const { msgstate } = this.otr
      this.otr = this.#newObject()
      this.otr.msgstate = msgstate
    }
  }

  smpState() {
    const state = this.otr.sm?.smpstate ?? CONST.SMPSTATE_EXPECT1
    if (this.state !== 'encrypted' || state === CONST.SMPSTATE_EXPECT1) return null
    return state === CONST.SMPSTATE_EXPECT0 ? 'asked' : 'in_progress'
  }

  /** Starts, or answers if the peer has asked. What the library complains about, or undefined. */
  smp(secret, question) {
    return this.#errorsOf(() => this.otr.smpSecret(secret, question))
  }

  smpAbort() {
    this.abortedByUs = true
    this.otr.sm?.abort()
    this.abortedByUs = false
  }

  /** Announces the use of an extra key; the key, or undefined if the library will not. */
  extraKey(name) {
    this.sentKey = undefined
    this.#errorsOf(() => this.otr.sendFile(name))
    return this.sentKey
  }

  status() {
    const talking = this.state !== 'plaintext'
    return {
      state: this.state, version: talking ? this.version : null,
      their_fingerprint: talking ? this.fingerprint : null, trusted: talking && this.#isTrusted(),
      session_id: this.#sessionId(), our_instance: hex(this.account.tag),
      their_instance: talking ? this.#theirInstance() : null, smp: this.smpState()
    }
  }

  #newObject() {
    const { key, tag, maxMessageSize } = this.account
    const size = maxMessageSize ? maxMessageSize - FRAGMENT_HEADER : 0
    const otr = new OTR({ priv: key, instance_tag: tag, fragment_size: size })
    this.#applyPolicy(otr)
    otr.on('io', message => this.#inject(message))
    otr.on('ui', (text, encrypted) => this.#show(text, encrypted))
    otr.on('error', (text, severity) => this.#complaint(text, severity))
    otr.on('status', status => this.#statusChanged(status))
    otr.on('smp', (type, data, act) => this.#smpEvent(type, data, act))
    otr.on('file', (direction, key, name) => this.#fileKey(direction, key, name))
    return otr
  }

  #applyPolicy(otr) {
    const startsByItself = this.policy === 'opportunistic' || this.policy === 'always'
    Object.assign(otr, {
      ALLOW_V2: this.versions.includes(2), ALLOW_V3: this.versions.includes(3),
      REQUIRE_ENCRYPTION: this.policy === 'always', SEND_WHITESPACE_TAG: this.policy === 'opportunistic',
      WHITESPACE_START_AKE: startsByItself, ERROR_START_AKE: startsByItself
    })
  }

  #inject(message) {
    notify('inject', { peer: this.peer, message })
  }

  #show(text, encrypted) {
    if (this.unencrypted && !encrypted) {
      warn(this.peer, 'unencrypted_received', text)
      return
    }
    const instance = encrypted ? this.#theirInstance() : null
    notify('message', { peer: this.peer, text, encrypted, their_instance: instance })
  }

  /** Does it, and returns the library's complaint instead of telling it. */
  #errorsOf(act) {
    this.complaints = []
    act()
    const [first] = this.complaints
    this.complaints = null
    return first
  }

  #complaint(text, severity) {
    if (this.complaints) {
      this.complaints.push(text)
    } else if (text === UNENCRYPTED && severity === 'warn') {
      this.unencrypted = true // the text itself follows
    } else if (WARNINGS.has(text) && severity === 'warn') {
      warn(this.peer, WARNINGS.get(text), text)
    } else if (this.received?.includes('?OTR Error:')) {
      warn(this.peer, 'peer_error', text.trim())
    } else if (/\?OTR:AA[IM][CKRS]/.test(this.received)) {
      warn(this.peer, 'malformed', text)
    } else {
      warn(this.peer, this.state === 'encrypted' ? 'unreadable' : 'not_in_private', text)
    }
  }

  #statusChanged(status) {
    if (status === CONST.STATUS_AKE_SUCCESS) {
      const fingerprint = this.otr.their_priv_pk.fingerprint()
      const refreshed = this.told === 'encrypted' && this.fingerprint === fingerprint
      this.fingerprint = fingerprint
      this.version = this.otr.ake.otr_version.charCodeAt(1)
      if (this.account.trust(this.peer, fingerprint) === undefined) {
        this.account.setTrust(this.peer, fingerprint, '')
        notify('fingerprint', { peer: this.peer, fingerprint, known: false })
      }
      this.#tellSession(refreshed)
    } else if (status === CONST.STATUS_END_OTR && (this.told ?? 'plaintext') !== this.state) {
      this.over = true
      this.#tellSession(false)
    }
  }

  #tellSession(refreshed) {
    this.told = this.state
    notify('session', {
      peer: this.peer, state: this.state, version: this.version, their_fingerprint: this.fingerprint,
      trusted: this.#isTrusted(), session_id: this.#sessionId(),
      initiated_by_us: this.state === 'encrypted' && this.otr.transmittedRS, refreshed,
      their_instance: this.#theirInstance()
    })
  }

  #isTrusted() {
    return Boolean(this.account.trust(this.peer, this.fingerprint))
  }

  #sessionId() {
    if (this.state !== 'encrypted') return null
    // Who sent the Reveal Signature message reads out the first half.
    return { value: hex(this.otr.ssid), ours: this.otr.transmittedRS ? 'first' : 'second' }
  }

  #theirInstance() {
    const tag = hex(this.otr.their_instance_tag)
    return this.version === 3 && tag !== '00000000' ? tag : null
  }

  #smpEvent(type, data, act) {
    const told = { peer: this.peer, event: 'aborted', progress: 0 }
    if (type === 'abort' && this.abortedByUs) return
    if (type === 'question') {
      this.question = data
      Object.assign(told, { event: 'asked', progress: 25 }, data ? { question: data } : {})
    } else if (type === 'trust') {
      Object.assign(told, { event: data ? 'succeeded' : 'failed', progress: 100 })
      // Who answers a question has proved something, not seen a proof.
      const proved = act === 'asked' || !this.question
      if (data && proved) this.account.setTrust(this.peer, this.fingerprint, 'smp')
    }
    notify('smp', told)
  }

  #fileKey(direction, key, name) {
    if (direction === 'send') {
      this.sentKey = hex(key)
      return
    }
    // The library reads the use and does not tell it.
    notify('extra_key', { peer: this.peer, use: null, data: Buffer.from(name).toString('hex'), key: hex(key) })
  }
}

module.exports = { Conversation, FRAGMENT_HEADER }

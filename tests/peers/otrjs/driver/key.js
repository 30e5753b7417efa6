'use strict'
// DSA keys: made by node, which takes a tenth of a second where the library takes up to half a minute.

const crypto = require('node:crypto')
const BigInt = require('otr/vendor/bigint.js')
const { DSA } = require('otr')

const NAMES = ['p', 'q', 'g', 'y', 'x']
const SEQUENCE = 0x30
const INTEGER = 0x02
const OCTETS = 0x04

function generate() {
  const { privateKey } = crypto.generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 })
  // PKCS #8: the version, then p, q and g, then x.
  const [, p, q, g, x] = integers(privateKey.export({ type: 'pkcs8', format: 'der' }))
    .map(bytes => BigInt.str2bigInt(bytes.toString('hex'), 16))
  return new DSA({ p, q, g, y: BigInt.powMod(g, x, p), x })
}

/** Every INTEGER in a DER structure, in order. */
function integers(der) {
  const found = []
  for (let at = 0; at < der.length;) {
    const tag = der[at]
    let length = der[at + 1]
    at += 2
    if (length & 0x80) {
      const size = length & 0x7f
      length = der.readUIntBE(at, size)
      at += size
    }
    const content = der.subarray(at, at + length)
    if (tag === SEQUENCE || tag === OCTETS) found.push(...integers(content))
    if (tag === INTEGER) found.push(content)
    at += length
  }
  return found
}

/** The text of libotr's key file. */
function toFile(key, account, protocol) {
  const numbers = NAMES.map(name => `  (${name} #${digits(key[name])}#)\n`).join('')
  return `(privkeys\n (account\n(name ${JSON.stringify(account)})\n(protocol ${protocol})\n` +
    `(private-key \n (dsa \n${numbers}  )\n )\n )\n)\n`
}

/** The first key of libotr's key file. */
function fromFile(text) {
  return new DSA(DSA.parsePrivate(text, true))
}

/** Hex digits of whole bytes, with a leading zero byte where libotr's files have one. */
function digits(number) {
  let hex = BigInt.bigInt2str(number, 16).toUpperCase().replace(/^0+/, '')
  if (hex.length % 2) hex = '0' + hex
  return '89ABCDEF'.includes(hex[0]) ? '00' + hex : hex
}

module.exports = { generate, toFile, fromFile }

'use strict'
// What the library needs to agree with others on the key of a D-H Commit message.
//
// It keeps that key, r, as a number and so loses zeros at its beginning, when it uses r and when it sends it. One
// exchange in sixteen begins with such an r and fails against any other implementation.

const CryptoJS = require('otr/vendor/crypto.js')
const BigInt = require('otr/vendor/bigint.js')

const KEY_BITS = 128
const KEY_DIGITS = KEY_BITS / 4

function install() {
  // Used: the zeros come back. Nothing else that the library reads as hex digits is shorter than r.
  const { Hex } = CryptoJS.enc
  const parse = Hex.parse
  Hex.parse = digits => parse.call(Hex, digits.padStart(KEY_DIGITS, '0'))

  // Sent: an r of less than 16 bytes is drawn again.
  const draw = BigInt.randBigInt
  BigInt.randBigInt = (bits, exact) => {
    let number
    do number = draw(bits, exact)
    while (bits === KEY_BITS && BigInt.bitSize(number) <= KEY_BITS - 8)
    return number
  }
}

module.exports = { install }

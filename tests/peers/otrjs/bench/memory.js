'use strict'
// How far resident memory grows for each pair of session ends that is kept. main.js starts it, with their number.

const fs = require('node:fs')
const { Pair, makeAccounts } = require('./pair.js')

const TEXT = 'x'.repeat(64)

function openAndTalk(accounts) {
  const pair = new Pair(accounts, 3)
  for (const writer of [pair.alice, pair.bob, pair.alice, pair.bob]) pair.handOver(writer, TEXT)
  return pair
}

/** Bytes of resident memory, once what is free has been given back. */
function resident() {
  for (let i = 0; i < 3; i++) globalThis.gc() // what one run frees may free more in the next
  return process.memoryUsage.rss()
}

const pairs = Number(process.argv[2])
const accounts = makeAccounts()
const kept = [openAndTalk(accounts)]
const before = resident()
while (kept.length <= pairs) kept.push(openAndTalk(accounts))
const grown = resident() - before
const bytes = Math.round(grown / (kept.length - 1)) // which also keeps them alive until here
fs.writeSync(process.stdout.fd, JSON.stringify({ name: 'memory', pairs, bytes }) + '\n')

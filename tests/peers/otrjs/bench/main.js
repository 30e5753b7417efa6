#!/usr/bin/env node
'use strict'
// otrjs-bench: what otr.js takes for the work that `cargo xtask bench` compares. A line of JSON a measurement.
//
// Both sides' work together, in processor time of the whole process, with what the compiler and the collector take.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const { parseArgs } = require('node:util')
const { DSA } = require('otr')
const { Pair, makeAccounts } = require('./pair.js')

const PAIRS = 20
const QUICK = 4 // --quick is this much less work

// A process of its own, without what would hide some tens of kilobytes: a heap full of holes, much room for what is
// young, a compiler at work aside, and freed pages kept.
const MEMORY_FLAGS = ['--expose-gc', '--max-semi-space-size=1', '--single-threaded']
const MEMORY_ENVIRONMENT = { ...process.env, MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '0' }

const exchanges = version => accounts => each => {
  for (let i = 0; i < each; i++) new Pair(accounts, version)
}

const pingPong = size => accounts => {
  const pair = new Pair(accounts, 3)
  const text = 'x'.repeat(size)
  return each => {
    for (let i = 0; i < each; i++) pair.handOver(i % 2 ? pair.bob : pair.alice, text)
  }
}

const burst = size => accounts => {
  const pair = new Pair(accounts, 3)
  const text = 'x'.repeat(size)
  return each => {
    for (let i = 0; i < each; i++) pair.handOver(pair.alice, text)
  }
}

const comparisons = accounts => {
  const pair = new Pair(accounts, 3)
  return each => {
    for (let i = 0; i < each; i++) pair.compare('in the bakery')
  }
}

const keys = () => each => {
  for (let i = 0; i < each; i++) new DSA(null, { nocache: true }) // else all keys would share p, q and g
}

// What takes seconds needs nothing to warm up, for its loops have been at work in the exchanges.
const MEASUREMENTS = [
  { name: 'exchange/3', prepare: exchanges(3), batches: 8, each: 1 },
  { name: 'exchange/2', prepare: exchanges(2), batches: 8, each: 1 },
  { name: 'ping-pong/64', prepare: pingPong(64), batches: 8, each: 2 },
  { name: 'ping-pong/1024', prepare: pingPong(1024), batches: 8, each: 2 },
  { name: 'burst/64', prepare: burst(64), batches: 40, each: 32 },
  { name: 'burst/1024', prepare: burst(1024), batches: 40, each: 32 },
  { name: 'burst/65536', prepare: burst(65536), batches: 8, each: 4 },
  { name: 'smp', prepare: comparisons, batches: 2, each: 1, isSlow: true },
  { name: 'dsa-key', prepare: keys, batches: 4, each: 1, isSlow: true, tellsMean: true }
]

function measure(accounts, { name, prepare, batches, each, isSlow, tellsMean }, less) {
  const work = prepare(accounts)
  if (!isSlow) work(each) // to warm up
  const times = Array.from({ length: Math.ceil(batches / less) }, () => {
    const begun = process.cpuUsage()
    work(each)
    const { user, system } = process.cpuUsage(begun)
    return Math.round((user + system) * 1000 / each)
  }).sort((a, b) => a - b)
  const mean = Math.round(times.reduce((sum, time) => sum + time) / times.length)
  tell({
    name, iterations: times.length * each, median_ns: times[Math.floor(times.length / 2)], min_ns: times[0],
    ...(tellsMean && { mean_ns: mean })
  })
}

function measureMemory(pairs) {
  const program = [...MEMORY_FLAGS, require.resolve('./memory.js'), String(pairs)]
  const { status } = spawnSync(process.execPath, program, { stdio: 'inherit', env: MEMORY_ENVIRONMENT })
  if (status !== 0) throw new Error('the measurement of memory failed')
}

function tell(measured) {
  fs.writeSync(process.stdout.fd, JSON.stringify(measured) + '\n')
}

function read() {
  try {
    return parseArgs({ options: { quick: { type: 'boolean' } } }).values
  } catch {
    console.error('usage: otrjs-bench [--quick]')
    return process.exit(2)
  }
}

function main() {
  const less = read().quick ? QUICK : 1
  const accounts = makeAccounts()
  for (const measurement of MEASUREMENTS) measure(accounts, measurement, less)
  measureMemory(PAIRS / less)
}

try {
  main()
} catch (error) { // whatever is not as it should be, in the library too
  console.error(`otrjs-bench: ${error.message}`)
  process.exitCode = 1
}

#!/usr/bin/env node
'use strict'
// otrjs-driver: otr.js behind the engine contract. Requests on standard input, answers on standard output.

const { parseArgs } = require('node:util')
const { serve } = require('./rpc.js')
const { Account } = require('./account.js')
const { FRAGMENT_HEADER } = require('./conversation.js')
const mend = require('./mend.js')
const { Methods, POLICIES } = require('./methods.js')

const USAGE = `usage: otrjs-driver [--home DIR | --ephemeral] --account NAME [--protocol NAME]
       [--policy never|manual|opportunistic|always] [--versions 2,3] [--max-message-size N] [--unmended]
Without --home nothing touches the disk. N is 0 (never fragment) or more than ${FRAGMENT_HEADER} bytes.
--unmended: the library as it is published, see README.md.`

function fail(why) {
  console.error(`otrjs-driver: ${why}\n${USAGE}`)
  process.exit(2)
}

function read() {
  const string = value => ({ type: 'string', default: value })
  try {
    return parseArgs({
      options: {
        home: { type: 'string' }, ephemeral: { type: 'boolean' }, account: { type: 'string' },
        protocol: string('prpl-jabber'), policy: string('opportunistic'), versions: string('2,3'),
        'max-message-size': string('0'), unmended: { type: 'boolean' }
      }
    }).values
  } catch (error) {
    return fail(error.message)
  }
}

function options() {
  const values = read()
  const isName = name => Boolean(name) && !/[\t\r\n]/.test(name)
  const maxMessageSize = Number(values['max-message-size'])
  if (values.home !== undefined && values.ephemeral) fail('--home and --ephemeral exclude each other')
  if (!isName(values.account)) fail('--account is missing, or has a tab or a line end in it')
  if (!isName(values.protocol)) fail('--protocol has a tab or a line end in it')
  if (!POLICIES.includes(values.policy)) fail(`--policy is one of ${POLICIES.join(', ')}`)
  if (!/^(2|3|2,3|3,2)$/.test(values.versions)) fail('--versions takes 2, 3 or 2,3')
  if (!/^[0-9]+$/.test(values['max-message-size']) || (maxMessageSize && maxMessageSize <= FRAGMENT_HEADER)) {
    fail('--max-message-size does not fit')
  }
  return { ...values, maxMessageSize, versions: [2, 3].filter(version => values.versions.includes(version)) }
}

function open(chosen) {
  try {
    return new Account(chosen)
  } catch (error) {
    console.error(`otrjs-driver: ${chosen.home}: ${error.message}`)
    return process.exit(1)
  }
}

async function main() {
  process.stdout.on('error', () => process.exit(1)) // nobody reads any more
  const chosen = options()
  if (!chosen.unmended) mend.install()
  const methods = new Methods(open(chosen))
  await serve(process.stdin, (method, params) => methods.call(method, params))
  await methods.endAll()
}

main()

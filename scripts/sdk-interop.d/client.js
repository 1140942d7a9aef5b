// The official Node.js client of KMS: a call per line of JSON on standard input, an answer per line on standard output.
//
// Like its siblings in Python it calls the cloud's host names; FAKE_PORTS says where in the fake they lead.
'use strict';

const http = require('http');
const https = require('https');
const readline = require('readline');
const kms = require('@alicloud/kms20160120');
const { RuntimeOptions } = require('@alicloud/tea-util');
const tea = require('@alicloud/tea-typescript');

const ports = JSON.parse(process.env.FAKE_PORTS);
for (const agent of [http.Agent, https.Agent]) {
  const genuine = agent.prototype.createConnection;
  agent.prototype.createConnection = function (options, ...rest) {
    if (!options.host.endsWith('.aliyuncs.com')) {
      throw new Error(`${options.host} is not the cloud`);
    }
    return genuine.call(this, { ...options, host: '127.0.0.1', port: ports[options.port] }, ...rest);
  };
}

// The client's own method if it has one that knows these parameters, else its door for every operation.
async function perform(client, action, parameters) {
  const lower = action[0].toLowerCase() + action.slice(1);
  const Request = kms[`${action}Request`];
  const runtime = new RuntimeOptions({});
  const fields = Request === undefined ? {} : invert(Request.names());
  if (typeof client[lower] === 'function' && Object.keys(parameters).every((name) => name in fields)) {
    const request = new Request({});
    for (const [name, value] of Object.entries(parameters)) {
      request[fields[name]] = value;
    }
    const response = await client[lower](request);
    return { body: tea.toMap(response), fields: Object.values(response.constructor.names()) };
  }
  return { body: await client.doRequest(action, 'HTTPS', 'POST', '2016-01-20', 'AK', parameters, null, runtime) };
}

function invert(names) {
  return Object.fromEntries(Object.entries(names).map(([field, name]) => [name, field]));
}

async function answer({ action, parameters, host, scheme, key }) {
  const [accessKeyId, accessKeySecret] = key;
  const config = { accessKeyId, accessKeySecret, endpoint: host, protocol: scheme, regionId: 'cn-hangzhou' };
  try {
    return await perform(new kms.default(config), action, parameters);
  } catch (error) {
    if (!error.data) {
      return { failure: `${error.stack}` };
    }
    const { Code: code, Message: message, RequestId: requestId } = error.data;
    // The client tells the status in its text only.
    const [, status] = /code: (\d+),/.exec(error.message);
    return { refusal: { status: Number(status), code, message, requestId } };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
  process.exit(0);
})();

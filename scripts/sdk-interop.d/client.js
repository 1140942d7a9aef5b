// The official Node.js clients of KMS, STS and credentials: a call per line of JSON on standard input, an answer per
// line on standard output.
//
// Like their siblings in Python they call the cloud's host names; FAKE_PORTS says where in the fake they lead, and
// where the address of the metadata service leads.
'use strict';

const http = require('http');
const https = require('https');
const readline = require('readline');
const kms = require('@alicloud/kms20160120');
const sts = require('@alicloud/sts20150401');
const credentials = require('@alicloud/credentials');
const { RuntimeOptions } = require('@alicloud/tea-util');
const tea = require('@alicloud/tea-typescript');

const ports = JSON.parse(process.env.FAKE_PORTS);
for (const agent of [http.Agent, https.Agent]) {
  const genuine = agent.prototype.createConnection;
  agent.prototype.createConnection = function (options, ...rest) {
    const port = options.host.endsWith('.aliyuncs.com') ? ports[options.port] : ports[options.host];
    if (port === undefined) {
      throw new Error(`${options.host} is neither the cloud nor its metadata service`);
    }
    return genuine.call(this, { ...options, host: '127.0.0.1', port }, ...rest);
  };
}

// The client's own method if it has one that knows these parameters, else its door for every operation.
async function perform({ product, client, action, parameters }) {
  const lower = action[0].toLowerCase() + action.slice(1);
  const Request = product[`${action}Request`];
  const fields = Request === undefined ? {} : invert(Request.names());
  if (typeof client[lower] === 'function' && Object.keys(parameters).every((name) => name in fields)) {
    const request = Request && new Request({});
    for (const [name, value] of Object.entries(parameters)) {
      request[fields[name]] = value;
    }
    const response = await (request ? client[lower](request) : client[lower]());
    return { body: response.body ? response.body.toMap() : tea.toMap(response), fields: names(response) };
  }
  const runtime = new RuntimeOptions({});
  return { body: await client.doRequest(action, 'HTTPS', 'POST', '2016-01-20', 'AK', parameters, null, runtime) };
}

// The fields of an answer that its model knows.
function names(response) {
  return Object.values((response.body || response).constructor.names());
}

function invert(fields) {
  return Object.fromEntries(Object.entries(fields).map(([field, name]) => [name, field]));
}

async function call({ product, signature, action, parameters, host, scheme, key }) {
  const [accessKeyId, accessKeySecret, securityToken] = key;
  const config = { accessKeyId, accessKeySecret, securityToken, endpoint: host, protocol: scheme };
  config.regionId = 'cn-hangzhou';
  try {
    if (product === 'kms') {
      return await perform({ product: kms, client: new kms.default(config), action, parameters });
    }
    const signatureAlgorithm = signature === 'V1' ? 'v2' : undefined;
    const client = new sts.default({ ...config, signatureAlgorithm });
    return await perform({ product: sts, client, action, parameters });
  } catch (error) {
    if (!error.data) {
      return { failure: `${error.stack}` };
    }
    const { Code: code, Message: message, RequestId: requestId } = error.data;
    // The client of KMS tells the status in its text only.
    const [, status] = /code: (\d+),/.exec(error.message);
    const { accessDeniedDetail: detail, retryAfter } = error;
    return { refusal: { status: Number(status), code, message, requestId, detail, retryAfter } };
  }
}

// Providers of credentials live on between calls, as in a program that asks them again and again.
const providers = new Map();

async function credential({ provider, settings }) {
  try {
    if (settings) {
      providers.set(provider, new credentials.default(settings));
    }
    const { accessKeyId, accessKeySecret, securityToken, providerName } = await providers.get(provider).getCredential();
    return { key: [accessKeyId, accessKeySecret, securityToken], providerName };
  } catch (error) {
    return { refusal: error.message };
  }
}

(async () => {
  for await (const text of readline.createInterface({ input: process.stdin })) {
    const line = JSON.parse(text);
    process.stdout.write(`${JSON.stringify(await ('provider' in line ? credential(line) : call(line)))}\n`);
  }
  process.exit(0);
})();

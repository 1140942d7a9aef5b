// Calls the provider with @grpc/grpc-js.
//
// usage: client.js path|default SOCKET CONNECTIONS CALLS_PER_CONNECTION, with the expected file content in CONTENT.
// With "path" the :authority is the path of the socket, as drivers up to v1.5.6 send it.
'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');
const { version: libraryVersion } = require('@grpc/grpc-js/package.json');

const proto = path.join(__dirname, '../../provider/proto/service.proto');
const { v1alpha1 } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true }));

const attributes = {
  'csi.storage.k8s.io/ephemeral': 'true',
  'csi.storage.k8s.io/pod.name': 'web-0',
  'csi.storage.k8s.io/pod.namespace': 'shop',
  'csi.storage.k8s.io/pod.uid': '6f1c2b9e-0d4e-4a39-9a53-0c1d5ad1b7aa',
  'csi.storage.k8s.io/serviceAccount.name': 'default',
  objects: '- objectName: greeting\n  objectType: kms\n',
  secretProviderClass: 'greetings',
};

function call(provider, method, request) {
  const options = { deadline: Date.now() + 30_000 };
  return new Promise((resolve, reject) => {
    const metadata = new grpc.Metadata({ waitForReady: true });
    provider[method](request, metadata, options, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function version(provider) {
  const answer = await call(provider, 'Version', { version: 'v1alpha1' });
  assert.equal(answer.version, 'v1alpha1');
}

async function mount(provider) {
  const answer = await call(provider, 'Mount', {
    attributes: JSON.stringify(attributes),
    secrets: 'null',
    target_path: '/var/lib/kubelet/pods/6f1c2b9e/volumes/kubernetes.io~csi/secrets/mount',
    permission: '420',
  });
  const files = answer.files.map(({ path, mode, contents }) => [path, mode, contents.toString()]);
  assert.deepEqual(files, [['greeting', 0o644, process.env.CONTENT]]);
  assert.equal(answer.object_version.length, 1);
}

async function useConnection(socket, calls, authority) {
  // Without its own pool, a client would share the connection of another one to the same socket.
  const options = { 'grpc.use_local_subchannel_pool': 1, ...authority };
  const credentials = grpc.credentials.createInsecure();
  const provider = new v1alpha1.CSIDriverProvider(`unix:${socket}`, credentials, options);
  const kinds = [version, mount];
  // One after the other, then all at once.
  const alone = Math.floor(calls / 2);
  for (let number = 0; number < alone; number += 1) {
    await kinds[number % 2](provider);
  }
  const rest = Array.from({ length: calls - alone }, (_, number) => kinds[number % 2](provider));
  await Promise.all(rest);
  provider.close();
}

async function main(kind, socket, connections, calls) {
  assert.ok(['path', 'default'].includes(kind), `unknown kind of authority: ${kind}`);
  const authority = kind === 'path' ? { 'grpc.default_authority': socket } : {};
  await Promise.all(Array.from({ length: connections }, () => useConnection(socket, calls, authority)));
  const total = connections * calls;
  console.log(`@grpc/grpc-js ${libraryVersion}: ${total} calls on ${connections} connections, all answered`);
}

const [kind, socket, connections, calls] = process.argv.slice(2);
main(kind, socket, Number(connections), Number(calls)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

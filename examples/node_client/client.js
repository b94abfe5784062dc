// Asks a shoprank server what to show to a user, over TensorFlow Serving's gRPC API.
//
//   node client.js localhost:8500 serving.binpb USER [K]
//
// With SHOPRANK_CANARY_SHARE and SHOPRANK_CANARY_SALT the user's arm decides between the labels stable and canary.
'use strict';

const fs = require('node:fs');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const { arm } = require('./assignment');
const { floatRows, floats, int32s, int64s, textRows, texts, values } = require('./tensors');

const DEADLINE_MILLISECONDS = 2000;
// Sent again after UNAVAILABLE alone, with growing pauses drawn at random, and never past the deadline.
const RETRIES = {
  methodConfig: [{
    name: [{ service: 'tensorflow.serving.PredictionService' }],
    retryPolicy: {
      maxAttempts: 4,
      initialBackoff: '0.05s',
      maxBackoff: '1s',
      backoffMultiplier: 2,
      retryableStatusCodes: ['UNAVAILABLE'],
    },
  }],
};

function connect(target, descriptorFile) {
  const definition = protoLoader.loadFileDescriptorSetFromBuffer(fs.readFileSync(descriptorFile), {
    enums: String,
    longs: String,
    defaults: true,
    oneofs: true,
  });
  const { PredictionService } = grpc.loadPackageDefinition(definition).tensorflow.serving;
  return new PredictionService(target, grpc.credentials.createInsecure(), {
    'grpc.service_config': JSON.stringify(RETRIES),
    'grpc.enable_http_proxy': 0,
  });
}

function entries(map) {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

/** What `recommend` takes, a batch of one; what is empty or not a number restricts nothing. */
function request(user, k, label) {
  const modelSpec = { name: 'shoprank', signature_name: 'recommend' };
  if (label) modelSpec.version_label = label;
  return {
    model_spec: modelSpec,
    // The loader takes a map of a descriptor set for what it is on the wire: a list of entries.
    inputs: entries({
      user_id: texts([user]),
      history_item_ids: textRows([['']]),
      history_event_types: textRows([['']]),
      history_ages: floatRows([[0]]),
      query: texts(['']),
      exclude_item_ids: textRows([['']]),
      allow_item_ids: textRows([['']]),
      category: texts(['']),
      lowest_price: floats([NaN]),
      highest_price: floats([NaN]),
      k: int32s([k]),
      policy: texts(['']),
      seed: int64s([Math.floor(Math.random() * Number.MAX_SAFE_INTEGER)]),
    }),
    output_filter: ['item_ids', 'scores', 'propensities', 'sources', 'request_id', 'model_version'],
  };
}

function recommend(client, message) {
  const deadline = new Date(Date.now() + DEADLINE_MILLISECONDS);
  return new Promise((resolve, reject) => {
    client.Predict(message, { deadline }, (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

function print(outputs) {
  const tensors = Object.fromEntries(outputs.map(({ key, value }) => [key, value]));
  const [items, scores, propensities, sources, [requestId], [version]] = [
    'item_ids', 'scores', 'propensities', 'sources', 'request_id', 'model_version',
  ].map((name) => values(tensors[name]));
  console.log(`request ${requestId} version ${version}`);
  items.forEach((item, rank) => {
    // A slate that is shorter than k is padded with empty ids.
    if (item) console.log(`${rank} ${item} ${scores[rank].toFixed(4)} ${propensities[rank].toFixed(4)} ${sources[rank]}`);
  });
}

async function main() {
  const [target, descriptorFile, user, k = '10'] = process.argv.slice(2);
  if (!user) throw new Error('usage: node client.js HOST:PORT DESCRIPTORS USER [K]');
  const share = process.env.SHOPRANK_CANARY_SHARE;
  const label = share && arm(user, Number(share), process.env.SHOPRANK_CANARY_SALT || '');
  const client = connect(target, descriptorFile);
  try {
    print((await recommend(client, request(user, Number(k), label))).outputs);
  } finally {
    client.close();
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

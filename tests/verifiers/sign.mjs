// node sign.mjs <folder of pinned contexts> < {"documents", "key", "created", "repetitions"}
// Signs with Digital Bazaar's stack; prints {"seconds": [processor time, one per repetition], "proofValues": […]}.
import {readFileSync} from 'node:fs';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {pinnedLoader} from './contexts.mjs';

const {documents, key, created, repetitions} = JSON.parse(readFileSync(0, 'utf8'));
const documentLoader = pinnedLoader(process.argv[2]);
const signer = (await Ed25519Multikey.from(key)).signer();

async function signAll() {
  const proofValues = [];
  for(const credential of documents) {
    const suite = new DataIntegrityProof({signer, date: created, cryptosuite});
    const {proof} = await vc.issue({credential, suite, documentLoader, now: new Date(created)});
    proofValues.push(proof.proofValue);
  }
  return proofValues;
}

const proofValues = await signAll();  // also warms up: compiled code and parsed contexts
const seconds = [];
for(let repetition = 0; repetition < repetitions; repetition++) {
  const start = process.cpuUsage();
  await signAll();
  const {user, system} = process.cpuUsage(start);
  seconds.push((user + system) / 1e6);
}
process.stdout.write(JSON.stringify({seconds, proofValues}));

// Starts an embedded database of made-up components, then a script that uses it in place of the real one.
// The data and the port are the same each time, so the second run finds responses of the first in the cache.
//
//   node without-account.mjs my-script.mjs [arguments]
import { spawn } from 'node:child_process';
import { startPdb } from 'itkdb/testing';

const pdb = await startPdb({ port: 8765 });
// Here you can define responses and faults for the script: pdb.fault({ on: 'listProjects', status: 503 });
const script = spawn(process.execPath, process.argv.slice(2), {
  env: { ...process.env, ...pdb.env },
  stdio: 'inherit',
});
script.on('exit', async (code) => {
  process.exitCode = code ?? 1;
  await pdb.close();
});

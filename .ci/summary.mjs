// Reads TAP, refuses skips that are not in allowed-skips.json, and prints `N passed, N failed` last.
import { readFileSync } from 'node:fs';

const [, , log, status] = process.argv;
const allowed = JSON.parse(readFileSync(new URL('allowed-skips.json', import.meta.url), 'utf8'));
let passed = 0;
let failed = 0;
const badSkips = [];
for (const line of readFileSync(log, 'utf8').split('\n')) {
  const point = /^\s*(not )?ok \d+ - (.*)$/.exec(line);
  if (point === null || (/#\s*time=/.test(line) && line.trimEnd().endsWith('{'))) continue;
  const skip = /# SKIP\s*(.*)$/i.exec(line);
  if (skip !== null) {
    if (!allowed.some(({ reason }) => skip[1].includes(reason))) badSkips.push(line.trim());
    continue;
  }
  if (point[1] === undefined) passed += 1;
  else failed += 1;
}
for (const line of badSkips) console.error(`skipped without leave: ${line}`);
failed += badSkips.length;
if (Number(status) !== 0 && failed === 0) failed = 1;
if (passed === 0) failed += 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

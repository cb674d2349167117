import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { htmlReport } from './html.ts';
import { junitReport } from './junit.ts';
import { markdownReport } from './markdown.ts';
import type { RunReport } from './run-report.ts';

/** `report.json`, `.md`, `.html` and `junit.xml` in a folder that is made if need be. */
export function writeReports(folder: string, report: RunReport): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
  write('report.json', `${JSON.stringify(report, null, 1)}\n`);
  write('report.md', markdownReport(report));
  write('report.html', htmlReport(report));
  write('junit.xml', junitReport(report));
}

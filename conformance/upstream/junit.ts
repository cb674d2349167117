export type Outcome = 'passed' | 'failed' | 'skipped';

export interface TestResult {
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** Of a failure: what the suite said. */
  readonly message: string;
}

/** Reads the report of a Ginkgo suite: tests alone, neither set-up steps nor tests that were not selected. */
export function parseJunit(xml: string): readonly TestResult[] {
  const results: TestResult[] = [];
  for (const [, attributes = '', closed, content = ''] of xml.matchAll(
    /<testcase\b((?:\s+[\w-]+="[^"]*")*)\s*(?:(\/>)|>(.*?)<\/testcase>)/gs,
  )) {
    const attribute = (name: string) => unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
    const name = attribute('name');
    if (!name.startsWith('[It] ')) continue;
    const skipped = /<skipped message="([^"]*)"/.exec(closed === undefined ? content : '')?.[1];
    // "skipped" alone means not selected; a test that skips itself gives its reason behind it.
    if (skipped === 'skipped' || attribute('status') === 'pending') continue;
    const failure = /<(?:failure|error)\b[^>]*>(.*?)<\/(?:failure|error)>/s.exec(content)?.[1];
    results.push({
      name: name.slice('[It] '.length),
      outcome: skipped !== undefined ? 'skipped' : attribute('status') === 'passed' ? 'passed' : 'failed',
      seconds: Number(attribute('time')),
      message: unescapeXml(failure ?? '').trim(),
    });
  }
  return results;
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#x([\da-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return entities[name] ?? whole;
  });
}

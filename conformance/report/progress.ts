import type { CaseResult } from '../runner/case.ts';
import { isExpected } from '../runner/case.ts';

/** A line on a terminal that counts along; silent where nobody looks. */
export interface Progress {
  step(results: readonly CaseResult[]): void;
  end(): void;
}

export function createProgress(stream: NodeJS.WriteStream, total: number): Progress {
  let done = 0;
  let unexpected = 0;
  const clear = '\r\x1b[2K';
  return {
    step: (results) => {
      done++;
      unexpected += results.filter((result) => !isExpected(result)).length;
      if (!stream.isTTY) return;
      const last = results[0]?.id ?? '';
      stream.write(
        `${clear}${done}/${total} ${unexpected === 0 ? '' : `${unexpected} not as expected `}${last}`.slice(
          0,
          stream.columns,
        ),
      );
    },
    end: () => {
      if (stream.isTTY) stream.write(clear);
    },
  };
}

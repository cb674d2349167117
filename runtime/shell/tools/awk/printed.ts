import { formatted } from '../../format.ts';
import { numberOf, textOf, type Value } from './values.ts';

/** Of `printf` and `sprintf`. */
export function printed([format, ...values]: readonly Value[], conversion: string): string {
  let at = 0;
  // Only as often as it is there, and numbers by their value.
  const kinds = [...textOf(format).matchAll(/%[-+ #0]*(\*|\d*)(?:\.(\*|\d+))?([a-zA-Z%])/g)];
  const args: string[] = [];
  for (const [, width, precision, kind = ''] of kinds) {
    if (kind === '%') continue;
    for (const star of [width, precision]) if (star === '*') args.push(textOf(values[at++]));
    const value = values[at++];
    if (/[diouxX]/.test(kind))
      args.push(String(BigInt(Math.trunc(Number.isFinite(numberOf(value)) ? numberOf(value) : 0))));
    else if (/[eEfFgG]/.test(kind)) args.push(String(numberOf(value)));
    else
      args.push(
        kind === 'c' && typeof value === 'number'
          ? String.fromCharCode(numberOf(value) & 0xff)
          : textOf(value, conversion),
      );
  }
  return formatted(textOf(format).replaceAll('\\', '\\\\'), args.length === 0 ? [''] : args, 0).text;
}

// How golang.org/x/text prints a number in American English: digits in groups, exponents in superscript.

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

function unusual(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? undefined : value < 0 ? '-∞' : '∞';
}

const maxPrecision = 100;

/** Rounds to even where a value is exactly between two; toFixed rounds up there. */
function fixed(value: number, precision: number): string {
  const text = Math.abs(value) >= 1e21 ? `${BigInt(value)}` : value.toFixed(precision);
  const [whole = '', fraction = ''] = text.split('.');
  if (Math.abs(value) >= 1e21) return precision === 0 ? whole : `${whole}.${'0'.repeat(precision)}`;
  const exact = value.toFixed(maxPrecision).split('.')[1] ?? '';
  const isTie = precision < maxPrecision && exact[precision] === '5' && /^0*$/.test(exact.slice(precision + 1));
  const last = Number((fraction === '' ? whole : fraction).at(-1));
  if (!isTie || last % 2 === 0) return text;
  // Rounded up to an odd digit, which never carried.
  return text.slice(0, -1) + String(last - 1);
}

export function formatFixed(value: number, precision: number): string {
  const special = unusual(value);
  if (special !== undefined) return special;
  const text = fixed(value, Math.min(precision, maxPrecision));
  const negative = text.startsWith('-') || Object.is(value, -0);
  const [whole = '', fraction] = text.replace('-', '').split('.');
  const grouped = whole.replace(/\B(?=([0-9]{3})+$)/g, ',');
  const zeros = '0'.repeat(Math.max(0, precision - maxPrecision));
  return `${negative ? '-' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}${zeros}`}`;
}

/** Always six digits: upstream takes the precision for the width. */
export function formatScientific(value: number, width: number): string {
  const special = unusual(value);
  if (special !== undefined) return special.padStart(width);
  const [mantissa = '', exponent = '0'] = value.toExponential(6).split('e');
  const digits = String(Math.abs(Number(exponent))).padStart(2, '0');
  const raised = Array.from(digits, (digit) => superscripts[Number(digit)]).join('');
  return `${mantissa}×10${exponent.startsWith('-') ? '⁻' : ''}${raised}`.padStart(width);
}

/** `3` or `25%` of `total`; undefined counts as 0. What is no percentage is an error of who wrote it. */
export function scaledValue(value: number | string | undefined, total: number, round: 'up' | 'down'): number {
  if (value === undefined) return 0;
  if (typeof value === 'number') return value;
  const percent = /^(-?\d+)%$/.exec(value)?.[1];
  if (percent === undefined) throw new Error('invalid value for IntOrString: invalid type: string is not a percentage');
  const exact = (Number(percent) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}

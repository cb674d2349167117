const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** Two significant parts at most, the way tables show ages: `45s`, `3m20s`, `5h`, `2d3h`, `400d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  // Clocks of two machines differ a little: up to 2 s in the future count as now.
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * minute) return `${seconds}s`;
  if (seconds < 10 * minute) return parts(seconds, minute, 'm', 1, 's');
  if (seconds < 3 * hour) return `${Math.trunc(seconds / minute)}m`;
  if (seconds < 8 * hour) return parts(seconds, hour, 'h', minute, 'm');
  if (seconds < 48 * hour) return `${Math.trunc(seconds / hour)}h`;
  if (seconds < 8 * day) return parts(seconds, day, 'd', hour, 'h');
  if (seconds < 2 * year) return `${Math.trunc(seconds / day)}d`;
  if (seconds < 8 * year) return parts(seconds, year, 'y', day, 'd');
  return `${Math.trunc(seconds / year)}y`;
}

function parts(seconds: number, unit: number, name: string, smallUnit: number, smallName: string): string {
  const rest = Math.trunc((seconds % unit) / smallUnit);
  return `${Math.trunc(seconds / unit)}${name}${rest === 0 ? '' : `${rest}${smallName}`}`;
}

import { type FieldErrors, FieldPath, invalid } from '../../../api/field-error.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

export interface LevelVersion {
  readonly level: Level;
  /** The minor version of Kubernetes whose rules count; Infinity is the latest. */
  readonly minor: number;
}

export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

type Labels = Readonly<Record<string, string>>;

const levels: readonly Level[] = ['privileged', 'baseline', 'restricted'];
const modes = ['enforce', 'audit', 'warn'] as const;
type Mode = (typeof modes)[number];

const nothing: LevelVersion = { level: 'privileged', minor: Number.POSITIVE_INFINITY };
export const privilegedPolicy: Policy = { enforce: nothing, audit: nothing, warn: nothing };

/** `restricted:v1.30`, `baseline:latest`. */
export function levelText({ level, minor }: LevelVersion): string {
  return `${level}:${minor === Number.POSITIVE_INFINITY ? 'latest' : `v1.${minor}`}`;
}

/** Below 0 when `a` is the laxer one. */
export function compareLevels(a: Level, b: Level): number {
  return levels.indexOf(a) - levels.indexOf(b);
}

export function isSame(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.minor === b.minor;
}

function levelLabel(mode: Mode): string {
  return `pod-security.kubernetes.io/${mode}`;
}

function hasPolicy(labels: Labels): boolean {
  for (const key in labels) if (key.startsWith('pod-security.kubernetes.io/')) return true;
  return false;
}

function isLevel(text: string | undefined): text is Level {
  return levels.includes(text as Level);
}

/** What a namespace's labels ask for. A wrong level enforces the strictest rules, and neither warns nor audits. */
export function policyOf(labels: Labels | undefined): { readonly policy: Policy; readonly errors: FieldErrors } {
  const errors: FieldErrors = [];
  if (labels === undefined || !hasPolicy(labels)) return { policy: privilegedPolicy, errors };
  const path = FieldPath.of('metadata', 'labels');
  const read = (mode: Mode): LevelVersion => {
    const [level, version] = [labels[levelLabel(mode)], labels[`${levelLabel(mode)}-version`]];
    if (level !== undefined && !isLevel(level)) {
      errors.push(invalid(path.key(levelLabel(mode)), level, `must be one of ${levels.join(', ')}`));
    }
    const [, minor] = /^v1\.([0-9]|[1-9][0-9]*)$/.exec(version ?? '') ?? [];
    if (version !== undefined && version !== 'latest' && minor === undefined) {
      errors.push(invalid(path.key(`${levelLabel(mode)}-version`), version, 'must be "latest" or "v1.x"'));
    }
    const fallback = level !== undefined && mode === 'enforce' ? 'restricted' : 'privileged';
    return {
      level: isLevel(level) ? level : fallback,
      minor: minor === undefined ? Number.POSITIVE_INFINITY : Number(minor),
    };
  };
  const [enforce, audit, warn] = [read('enforce'), read('audit'), read('warn')];
  return { policy: { enforce, audit, warn: warningLevel(labels, enforce, warn) }, errors };
}

/** Where nothing is said of warnings, they follow what is enforced. */
function warningLevel(labels: Labels, enforce: LevelVersion, warn: LevelVersion): LevelVersion {
  if (labels[levelLabel('warn')] !== undefined || !isLevel(labels[levelLabel('enforce')])) return warn;
  if (compareLevels(enforce.level, warn.level) <= 0) return warn;
  return {
    level: enforce.level,
    minor: labels[`${levelLabel('warn')}-version`] === undefined ? enforce.minor : warn.minor,
  };
}

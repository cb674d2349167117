import type { ClusterReader, UserInfo } from '../../registry/strategy.ts';
import type { Attributes, Authorizer, Decision, NonResourceRule, ResourceRule } from '../authorizer.ts';
import { BoundedCache } from '../bounded-cache.ts';
import { type Bindings, type Granted, type RoleRef, readBindings, rulesOfRole } from './bindings.ts';
import { coversName, coversRequest, type PolicyRule } from './rules.ts';

export interface UserRules {
  readonly rules: readonly PolicyRule[];
  readonly errors: readonly string[];
}

/** Roles and their bindings as the caches have them; what was worked out is kept until one of them changes. */
export interface RbacAuthorizer extends Authorizer {
  authorize(attributes: Attributes): Decision;
  /** All rules that a user has in a namespace; '' for those that hold everywhere. */
  policyRulesFor(user: UserInfo, namespace: string): UserRules;
  /** Throws an Error when the role is not there. */
  rulesOfRole(ref: RoleRef, namespace: string): readonly PolicyRule[];
  /** A role or binding changed; '' as namespace for those of the cluster. */
  changed(namespace: string): void;
}

/** Rules that may allow one kind of request, the object's name left open. */
interface Candidate {
  readonly rule: PolicyRule;
  readonly allow: Decision;
}

interface NamespaceAnswers {
  readonly bindings: Bindings;
  readonly granted: Granted;
  readonly candidates: Map<string, readonly Candidate[]>;
}

interface UserAnswers {
  readonly cluster: Bindings;
  readonly granted: Granted;
  readonly candidates: Map<string, readonly Candidate[]>;
  readonly namespaces: Map<string, NamespaceAnswers>;
}

const maxUsers = 2048;
/** Of one user: what is asked more often than this is worked out again. */
const maxRemembered = 4096;
const noBindings: Granted = { grants: [], errors: [] };

export function createRbacAuthorizer(reader: ClusterReader): RbacAuthorizer {
  let cluster: Bindings | undefined;
  const namespaces = new Map<string, Bindings>();
  const byIdentity = new WeakMap<UserInfo, UserAnswers>();
  const byName = new BoundedCache<string, UserAnswers>(maxUsers);

  const clusterBindings = (): Bindings => {
    cluster ??= readBindings(reader, '');
    return cluster;
  };
  const namespaceBindings = (namespace: string): Bindings => {
    let bindings = namespaces.get(namespace);
    if (bindings === undefined) {
      bindings = readBindings(reader, namespace);
      namespaces.set(namespace, bindings);
    }
    return bindings;
  };
  const answersOf = (user: UserInfo): UserAnswers => {
    const current = clusterBindings();
    // Users of tokens and connections are one object for long; others are known by name.
    let answers = byIdentity.get(user);
    if (answers?.cluster === current) return answers;
    const key = JSON.stringify([user.username, user.groups]);
    answers = byName.get(key);
    if (answers?.cluster !== current) {
      const granted = current.grantedTo(user);
      answers = { cluster: current, granted, candidates: new Map(), namespaces: new Map() };
      byName.set(key, answers);
    }
    byIdentity.set(user, answers);
    return answers;
  };
  const inNamespace = (answers: UserAnswers, user: UserInfo, namespace: string): NamespaceAnswers => {
    const bindings = namespaceBindings(namespace);
    const known = answers.namespaces.get(namespace);
    if (known?.bindings === bindings) return known;
    if (answers.namespaces.size >= maxRemembered) answers.namespaces.clear();
    const made = { bindings, granted: bindings.grantedTo(user), candidates: new Map() };
    answers.namespaces.set(namespace, made);
    return made;
  };
  const policyRulesFor = (user: UserInfo, namespace: string): UserRules => {
    const answers = answersOf(user);
    const local = namespace === '' ? noBindings : inNamespace(answers, user, namespace).granted;
    return {
      rules: [...answers.granted.grants, ...local.grants].flatMap(({ rules }) => rules),
      errors: [...answers.granted.errors, ...local.errors],
    };
  };

  return {
    authorize(attributes) {
      const answers = answersOf(attributes.user);
      const name = attributes.isResource ? attributes.name : '';
      const allowed = firstAllowing(candidatesOf(answers, attributes), name);
      if (allowed !== undefined) return allowed;
      if (!attributes.isResource || attributes.namespace === '') return refusal(answers.granted.errors);
      const local = inNamespace(answers, attributes.user, attributes.namespace);
      return (
        firstAllowing(candidatesOf(local, attributes), name) ??
        refusal([...answers.granted.errors, ...local.granted.errors])
      );
    },
    rulesFor(user, namespace) {
      const { rules, errors } = policyRulesFor(user, namespace);
      return {
        resourceRules: rules.filter(({ resources = [] }) => resources.length > 0).map(resourceRule),
        nonResourceRules: rules.filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0).map(nonResourceRule),
        incomplete: false,
        ...(errors.length === 0 ? {} : { error: aggregated(errors) }),
      };
    },
    policyRulesFor,
    rulesOfRole: (ref, namespace) => rulesOfRole(reader, ref, namespace),
    changed(namespace) {
      if (namespace !== '') {
        namespaces.delete(namespace);
        return;
      }
      // Bindings of namespaces may name roles of the cluster.
      cluster = undefined;
      namespaces.clear();
    },
  };
}

function candidatesOf(
  { granted, candidates }: Pick<UserAnswers, 'granted' | 'candidates'>,
  asked: Attributes,
): readonly Candidate[] {
  const key = asked.isResource
    ? `${asked.verb} ${asked.group}/${asked.resource}/${asked.subresource}`
    : `${asked.verb} ${asked.path}`;
  const known = candidates.get(key);
  if (known !== undefined) return known;
  const found: Candidate[] = [];
  for (const { rules, source } of granted.grants) {
    for (const rule of rules) {
      if (coversRequest(rule, asked)) {
        found.push({ rule, allow: { decision: 'allow', reason: `RBAC: allowed by ${source}` } });
      }
    }
  }
  if (candidates.size >= maxRemembered) candidates.clear();
  candidates.set(key, found);
  return found;
}

function firstAllowing(candidates: readonly Candidate[], name: string): Decision | undefined {
  for (const { rule, allow } of candidates) if (coversName(rule, name)) return allow;
  return undefined;
}

const noOpinion: Decision = { decision: 'noOpinion', reason: '' };

function refusal(errors: readonly string[]): Decision {
  return errors.length === 0 ? noOpinion : { decision: 'noOpinion', reason: `RBAC: ${aggregated(errors)}` };
}

/** Several errors as Go's aggregate prints them, each once. */
export function aggregated(errors: readonly string[]): string {
  const distinct = [...new Set(errors)];
  return distinct.length === 1 ? (distinct[0] ?? '') : `[${distinct.join(', ')}]`;
}

function resourceRule({ verbs = [], apiGroups = [], resources = [], resourceNames = [] }: PolicyRule): ResourceRule {
  return { verbs, apiGroups, resources, ...(resourceNames.length === 0 ? {} : { resourceNames }) };
}

function nonResourceRule({ verbs = [], nonResourceURLs = [] }: PolicyRule): NonResourceRule {
  return { verbs, nonResourceURLs };
}

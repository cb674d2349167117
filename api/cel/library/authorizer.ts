import { nameIsDNSLabel, nameIsDNSSubdomain } from '../../names.ts';
import { noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { CelError, type Result, Special, TypeValue, type Value } from '../runtime/values.ts';

/** What an expression asks the authorizer; the user is the request's, or a service account. */
export interface AuthorizationQuestion {
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
  readonly verb: string;
  /** Set for a path that is no resource; then nothing of the rest is. */
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface AuthorizationAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly error?: string;
}

/** Answers at once, or later: then the evaluation waits (see evaluateWithAuthorizer). */
export type AuthorizationCheck = (
  question: AuthorizationQuestion,
) => AuthorizationAnswer | Promise<AuthorizationAnswer>;

/** Ends an evaluation that needs an answer which is not there yet. */
export class AuthorizationPending extends Error {
  readonly key: string;
  readonly answer: Promise<AuthorizationAnswer>;
  constructor(key: string, answer: Promise<AuthorizationAnswer>) {
    super('authorization pending');
    this.key = key;
    this.answer = answer;
  }
}

const types = {
  authorizer: new TypeValue('kubernetes.authorization.Authorizer'),
  pathCheck: new TypeValue('kubernetes.authorization.PathCheck'),
  groupCheck: new TypeValue('kubernetes.authorization.GroupCheck'),
  resourceCheck: new TypeValue('kubernetes.authorization.ResourceCheck'),
  decision: new TypeValue('kubernetes.authorization.Decision'),
};

type Ask = (question: AuthorizationQuestion) => AuthorizationAnswer;

/** An authorizer, or a question to it that is not complete yet. */
class Check extends Special {
  readonly type: TypeValue;
  readonly ask: Ask;
  readonly question: Partial<AuthorizationQuestion>;
  constructor(type: TypeValue, ask: Ask, question: Partial<AuthorizationQuestion>) {
    super();
    this.type = type;
    this.ask = ask;
    this.question = question;
  }
  override equals(): Result {
    return noSuchOverload;
  }
  override get costsOneToCompare(): boolean {
    return true;
  }
  with(type: TypeValue, part: Partial<AuthorizationQuestion>): Check {
    return new Check(type, this.ask, { ...this.question, ...part });
  }
}

class Decision extends Special {
  readonly answer: AuthorizationAnswer;
  constructor(answer: AuthorizationAnswer) {
    super();
    this.answer = answer;
  }
  get type(): TypeValue {
    return types.decision;
  }
  override equals(): Result {
    return noSuchOverload;
  }
  override get costsOneToCompare(): boolean {
    return true;
  }
}

/** The values of the variables `authorizer` and, for a resource, `authorizer.requestResource`. */
export interface AuthorizerValues {
  readonly authorizer: Value;
  requestResource(resource: Omit<AuthorizationQuestion, 'verb' | 'path' | 'serviceAccount'>): Value;
  /** Puts in an answer that an evaluation waited for. */
  remember(key: string, answer: AuthorizationAnswer): void;
}

/** For one evaluation, or several with the same user: every question is asked once. */
export function createAuthorizer(check: AuthorizationCheck): AuthorizerValues {
  const answers = new Map<string, AuthorizationAnswer>();
  const ask: Ask = (question) => {
    const key = JSON.stringify(Object.entries(question).sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = check(question);
    if (answer instanceof Promise) throw new AuthorizationPending(key, answer);
    answers.set(key, answer);
    return answer;
  };
  const authorizer = new Check(types.authorizer, ask, {});
  return {
    authorizer,
    requestResource: (resource) => authorizer.with(types.resourceCheck, resource),
    remember: (key, answer) => answers.set(key, answer),
  };
}

/** Evaluates again after every answer that was waited for: an expression has no effects, so that is no difference. */
export async function evaluateWithAuthorizer<T>({ remember }: AuthorizerValues, evaluate: () => T): Promise<T> {
  for (;;) {
    try {
      return evaluate();
    } catch (error) {
      if (!(error instanceof AuthorizationPending)) throw error;
      remember(error.key, await error.answer);
    }
  }
}

function refining(type: TypeValue, part: (text: string) => Partial<AuthorizationQuestion> | CelError): Implementation {
  return (check, text) => {
    if (!(check instanceof Check) || typeof text !== 'string') return noSuchOverload;
    const addition = part(text);
    return addition instanceof CelError ? addition : check.with(type, addition);
  };
}

const required = (key: 'path' | 'resource') => (text: string) => {
  return text.trim() === '' ? new CelError(`${key} must not be empty`) : { [key]: text };
};

function serviceAccount(check: Value, namespace: Value, name: Value): Result {
  if (!(check instanceof Check) || typeof namespace !== 'string' || typeof name !== 'string') return noSuchOverload;
  if (nameIsDNSSubdomain(name, false).length > 0) return new CelError('Invalid service account name');
  if (nameIsDNSLabel(namespace, false).length > 0) return new CelError('Invalid service account namespace');
  return new Check(types.authorizer, check.ask, { serviceAccount: { namespace, name } });
}

function check(question: Value, verb: Value): Result {
  if (!(question instanceof Check) || typeof verb !== 'string') return noSuchOverload;
  return new Decision(question.ask({ ...question.question, verb }));
}

const reading = (read: (answer: AuthorizationAnswer) => Result): Implementation => {
  return (decision) => (decision instanceof Decision ? read(decision.answer) : noSuchOverload);
};

export const authorizerImplementations: Implementations = {
  authorizer_path: refining(types.pathCheck, required('path')),
  authorizer_group: refining(types.groupCheck, (group) => ({ group })),
  authorizer_serviceaccount: serviceAccount,
  groupcheck_resource: refining(types.resourceCheck, required('resource')),
  resourcecheck_subresource: refining(types.resourceCheck, (subresource) => ({ subresource })),
  resourcecheck_namespace: refining(types.resourceCheck, (namespace) => ({ namespace })),
  resourcecheck_name: refining(types.resourceCheck, (name) => ({ name })),
  authorizer_fieldselector: refining(types.resourceCheck, (fieldSelector) => ({ fieldSelector })),
  authorizer_labelselector: refining(types.resourceCheck, (labelSelector) => ({ labelSelector })),
  pathcheck_check: check,
  resourcecheck_check: check,
  decision_errored: reading(({ error }) => error !== undefined),
  decision_error: reading(({ error }) => error ?? ''),
  decision_allowed: reading(({ allowed }) => allowed),
  decision_reason: reading(({ reason }) => reason),
};

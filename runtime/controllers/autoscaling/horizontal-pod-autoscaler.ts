import { toTime } from '../../../api/clock.ts';
import { semanticEqual } from '../../../api/equal.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { type LabelMatcher, parseLabelSelector } from '../../../api/selectors.ts';
import { StatusError } from '../../../api/status.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import type { ControllerContext, ControllerDefinition, RunningController } from '../../framework/controller.ts';
import { startReconciling } from '../../framework/controller.ts';
import { type EventRecorder, referenceTo } from '../../framework/event-recorder.ts';
import { retryOnConflict } from '../../framework/retry-on-conflict.ts';
import { WorkQueue } from '../../framework/work-queue.ts';
import {
  type Autoscaler,
  type AutoscalerStatus,
  autoscalerKind,
  autoscalers,
  Conditions,
  type MetricStatus,
  type Pod,
} from './autoscaler.ts';
import { decide, type History, newHistory, rememberScaling } from './behavior.ts';
import { type Proposed, propose, UnableError } from './propose.ts';
import { MetricError, type Tolerances } from './replica-calculator.ts';
import { type Scale, Scales } from './scale-client.ts';

const name = 'horizontal-pod-autoscaler-controller';

/** Looks at each autoscaler in a fixed rhythm. */
export const horizontalPodAutoscaler: ControllerDefinition = { name, start };

interface Loop {
  readonly context: ControllerContext;
  readonly recorder: EventRecorder;
  readonly scales: Scales;
  readonly informer: Informer<Autoscaler>;
  readonly pods: Informer<Pod>;
  readonly histories: Map<string, History>;
  /** What each autoscaler's pods are, to see two that claim the same ones. */
  readonly selectors: Map<string, LabelMatcher>;
}

function start(context: ControllerContext, signal: AbortSignal): RunningController {
  const { clock, client, informers, options } = context;
  const informer = informers.of<Autoscaler>(autoscalers);
  const pods = informers.of<Pod>({ group: '', version: 'v1', resource: 'pods' });
  const queue = new WorkQueue(clock);
  const loop: Loop = {
    context,
    recorder: context.recorder('horizontal-pod-autoscaler'),
    scales: new Scales(client, () => clock.now()),
    informer,
    pods,
    histories: new Map(),
    selectors: new Map(),
  };
  informer.subscribe({
    added: (object) => queue.add(keyOf(object)),
    deleted: (object) => {
      loop.histories.delete(keyOf(object));
      loop.selectors.delete(keyOf(object));
    },
  });
  const reconcile = async (key: string): Promise<void> => {
    const autoscaler = informer.get(key);
    if (autoscaler === undefined) return;
    try {
      await new Round(loop, autoscaler).run();
    } catch (error) {
      // Users are told by events and conditions; the next round comes in its time.
      if (!(error instanceof StatusError || error instanceof MetricError)) context.onError(error, name);
    }
    queue.addAfter(key, options.horizontalPodAutoscalerSyncPeriodMs);
  };
  return startReconciling({ name, workers: 5, informers: [informer, pods], queue, reconcile }, context, signal);
}

interface Computed {
  readonly replicas: number;
  readonly name: string;
  readonly statuses: MetricStatus[];
}

/** One look at one autoscaler. */
class Round {
  readonly #loop: Loop;
  readonly #autoscaler: Readonly<Autoscaler>;
  readonly #namespace: string;
  readonly #now: number;
  readonly #conditions: Conditions;

  constructor(loop: Loop, autoscaler: Readonly<Autoscaler>) {
    this.#loop = loop;
    this.#autoscaler = autoscaler;
    this.#namespace = autoscaler.metadata?.namespace ?? '';
    this.#now = loop.context.clock.now();
    this.#conditions = new Conditions(autoscaler.status?.conditions ?? [], toTime(this.#now));
  }

  async run(): Promise<void> {
    const { scales, histories } = this.#loop;
    const { scaleTargetRef = {}, minReplicas: min = 1, maxReplicas: max = 0, behavior } = this.#autoscaler.spec ?? {};
    let scale: Readonly<Scale>;
    try {
      scale = await scales.get(scaleTargetRef, this.#namespace);
    } catch (error) {
      if (!(error instanceof StatusError || error instanceof MetricError)) throw error;
      this.#warn('FailedGetScale', error.message);
      const message = `the HPA controller was unable to get the target's current scale: ${error.message}`;
      this.#conditions.set('AbleToScale', false, 'FailedGetScale', message);
      return this.#writeStatus(this.#autoscaler.status ?? {});
    }
    this.#conditions.set(
      'AbleToScale',
      true,
      'SucceededGetScale',
      "the HPA controller was able to get the target's current scale",
    );
    const current = scale.spec?.replicas ?? 0;
    const key = keyOf(this.#autoscaler);
    const history = histories.get(key) ?? newHistory();
    if (history.recommendations.length === 0) history.recommendations.push({ replicas: current, at: this.#now });
    histories.set(key, history);

    let desired = current;
    let reason = '';
    let statuses: MetricStatus[] | undefined;
    if (current === 0) {
      const message = 'scaling is disabled since the replica count of the target is zero';
      this.#conditions.set('ScalingActive', false, 'ScalingDisabled', message);
      desired = 0;
    } else if (current > max) {
      reason = 'Current number of replicas above Spec.MaxReplicas';
      desired = max;
    } else if (current < min) {
      reason = 'Current number of replicas below Spec.MinReplicas';
      desired = min;
    } else {
      const computed = await this.#compute(scale);
      statuses = computed.statuses;
      if (computed.replicas < 0) return this.#writeStatus(this.#status(current, undefined, statuses));
      reason = computed.replicas > current ? `${computed.name} above target` : 'All metrics below target';
      const downscaleStabilizationMs = this.#loop.context.options.horizontalPodAutoscalerDownscaleStabilizationMs;
      const scaling = { current, desired: computed.replicas, min, max, now: this.#now, downscaleStabilizationMs };
      const { replicas, ableToScale, scalingLimited } = decide(scaling, history, behavior);
      this.#conditions.set('AbleToScale', true, ableToScale.reason, ableToScale.message);
      this.#conditions.set('ScalingLimited', scalingLimited.isLimited, scalingLimited.reason, scalingLimited.message);
      desired = replicas;
      if (computed.replicas === current && desired !== current) reason = '';
    }
    if (desired === current) return this.#writeStatus(this.#status(current, desired, statuses));
    await this.#rescale(scale, { desired, reason, statuses });
    rememberScaling(history, behavior, { current, desired, now: this.#now });
    const status = this.#status(current, desired, statuses);
    await this.#writeStatus({ ...status, lastScaleTime: toTime(this.#now) });
  }

  async #rescale(
    scale: Readonly<Scale>,
    { desired, reason, statuses }: { desired: number; reason: string; statuses: MetricStatus[] | undefined },
  ): Promise<void> {
    const { scales, recorder } = this.#loop;
    const { scaleTargetRef = {} } = this.#autoscaler.spec ?? {};
    let newest = scale;
    try {
      await retryOnConflict(async () => {
        try {
          await scales.update(scaleTargetRef, this.#namespace, {
            ...newest,
            spec: { ...newest.spec, replicas: desired },
          });
        } catch (error) {
          newest = await scales.get(scaleTargetRef, this.#namespace);
          throw error;
        }
      });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#warn('FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${error.message}`);
      const message = `the HPA controller was unable to update the target scale: ${error.message}`;
      this.#conditions.set('AbleToScale', false, 'FailedUpdateScale', message);
      await this.#writeStatus(this.#status(scale.spec?.replicas ?? 0, undefined, statuses));
      throw error;
    }
    const done = `the HPA controller was able to update the target scale to ${desired}`;
    this.#conditions.set('AbleToScale', true, 'SucceededRescale', done);
    const about = referenceTo(this.#autoscaler, autoscalerKind);
    recorder.record(about, 'Normal', 'SuccessfulRescale', `New size: ${desired}; reason: ${reason}`);
  }

  /** The highest of what the metrics ask for; -1 when too little is known. */
  async #compute(scale: Readonly<Scale>): Promise<Computed> {
    const { client } = this.#loop.context;
    const metrics = this.#autoscaler.spec?.metrics ?? [];
    const matcher = this.#matcher(scale.status?.selector ?? '');
    if (typeof matcher === 'string') {
      this.#warn('FailedComputeMetricsReplicas', matcher);
      return { replicas: -1, name: '', statuses: [] };
    }
    const { options } = this.#loop.context;
    const context = {
      client,
      scales: this.#loop.scales,
      namespace: this.#namespace,
      selector: matcher.toString(),
      pods: this.#podsOf(matcher),
      specReplicas: scale.spec?.replicas ?? 0,
      statusReplicas: scale.status?.replicas ?? 0,
      tolerances: this.#tolerances(),
      timing: {
        now: this.#now,
        cpuInitializationMs: options.horizontalPodAutoscalerCpuInitializationPeriodMs,
        initialReadinessDelayMs: options.horizontalPodAutoscalerInitialReadinessDelayMs,
      },
    };
    const statuses: MetricStatus[] = metrics.map(() => ({ type: '' }));
    const failures: UnableError[] = [];
    let best: Proposed | undefined;
    for (const [i, metric] of metrics.entries()) {
      try {
        const proposed = await propose(metric, context);
        statuses[i] = proposed.status;
        if (best === undefined || best.replicas === 0 || proposed.replicas > best.replicas) best = proposed;
      } catch (error) {
        if (!(error instanceof UnableError)) throw error;
        this.#warn(error.reason, error.inner);
        failures.push(error);
      }
    }
    const [first] = failures;
    // With some metrics unknown growing is safe, shrinking is not.
    if (first !== undefined && (best === undefined || best.replicas < context.specReplicas)) {
      const message = `the HPA was unable to compute the replica count: ${first.inner}`;
      this.#conditions.set('ScalingActive', false, first.reason, message);
      const count = `invalid metrics (${failures.length} invalid out of ${metrics.length})`;
      this.#warn('FailedComputeMetricsReplicas', `${count}, first error is: ${first.message}`);
      return { replicas: -1, name: '', statuses };
    }
    const found = best?.name ?? '';
    const message = `the HPA was able to successfully calculate a replica count from ${found}`;
    this.#conditions.set('ScalingActive', true, 'ValidMetricFound', message);
    return { replicas: best?.replicas ?? 0, name: found, statuses };
  }

  /** Of the target's pods, or why they cannot be told. */
  #matcher(selector: string): LabelMatcher | string {
    if (selector === '') {
      this.#warn('SelectorRequired', 'selector is required');
      this.#conditions.set('ScalingActive', false, 'InvalidSelector', "the HPA target's scale is missing a selector");
      return 'selector is required';
    }
    let matcher: LabelMatcher;
    try {
      matcher = parseLabelSelector(selector);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const why = `couldn't convert selector into a corresponding internal selector object: ${error.message}`;
      this.#warn('InvalidSelector', why);
      this.#conditions.set('ScalingActive', false, 'InvalidSelector', why);
      return why;
    }
    const { selectors } = this.#loop;
    selectors.set(keyOf(this.#autoscaler), matcher);
    const pods = this.#podsOf(matcher);
    const others = [...selectors].filter(
      ([key, other]) =>
        key.startsWith(`${this.#namespace}/`) && pods.some(({ metadata }) => other.matches(metadata?.labels)),
    );
    if (others.length <= 1) return matcher;
    const keys = others.map(([key]) => `{${key.slice(this.#namespace.length + 1)} ${this.#namespace}}`).toSorted();
    const why = `pods by selector ${selector} are controlled by multiple HPAs: [${keys.join(' ')}]`;
    this.#warn('AmbiguousSelector', why);
    this.#conditions.set('ScalingActive', false, 'AmbiguousSelector', why);
    return why;
  }

  #podsOf(matcher: LabelMatcher): Readonly<Pod>[] {
    return this.#loop.pods.list(this.#namespace).filter(({ metadata }) => matcher.matches(metadata?.labels));
  }

  #tolerances(): Tolerances {
    const { scaleUp, scaleDown } = this.#autoscaler.spec?.behavior ?? {};
    const usual = this.#loop.context.options.horizontalPodAutoscalerTolerance;
    const of = (text: string | undefined): number =>
      text === undefined ? usual : Number(parseQuantity(text).milliValue()) / 1000;
    return { down: of(scaleDown?.tolerance), up: of(scaleUp?.tolerance) };
  }

  #status(current: number, desired: number | undefined, statuses: MetricStatus[] | undefined): AutoscalerStatus {
    const { lastScaleTime, desiredReplicas = 0 } = this.#autoscaler.status ?? {};
    return {
      currentReplicas: current,
      desiredReplicas: desired ?? desiredReplicas,
      ...(statuses === undefined || statuses.length === 0 ? {} : { currentMetrics: statuses }),
      ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    };
  }

  async #writeStatus(next: AutoscalerStatus): Promise<void> {
    const status = { ...next, conditions: this.#conditions.list };
    if (semanticEqual(status, this.#autoscaler.status ?? {})) return;
    try {
      const object = { ...this.#autoscaler, status } as Autoscaler;
      await this.#loop.context.client.update(autoscalers, this.#namespace, object, { subresource: 'status' });
    } catch (error) {
      if (error instanceof StatusError) this.#warn('FailedUpdateStatus', error.message);
      throw error;
    }
  }

  #warn(reason: string, message: string): void {
    this.#loop.recorder.record(referenceTo(this.#autoscaler, autoscalerKind), 'Warning', reason, message);
  }
}

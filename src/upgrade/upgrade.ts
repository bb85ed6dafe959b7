/** The main job: a live release goes to another version, guarded from the first suspension to the last resume. */

import { AbortedError } from "../errors.ts";
import type { Guardian, GuardOptions } from "../guard/index.ts";
import { changes, checks, type PlanStep } from "../instructions/index.ts";
import type { BeamNode } from "../node/index.ts";
import { checkInstallRelease, type RunningApplication, whichApplications } from "../otp/index.ts";
import { allow } from "./budget/allow.ts";
import type { Budget } from "./budget/budget.ts";
import { EdeliverOutput } from "./edeliver-output.ts";
import type { UpgradeError } from "./errors.ts";
import type { UpgradeEvent, UpgradeOptions, UpgradeReport } from "./events.ts";
import { withHolder } from "./guarded.ts";
import { Held } from "./held.ts";
import { install } from "./install.ts";
import { lastStages } from "./last-stages.ts";
import { NodeLog } from "./node-log.ts";
import { failed } from "./outcome.ts";
import { type Finding, givenOf, preflight, refuse } from "./preflight/index.ts";
import { type Prepared, prepare, stepName } from "./prepare.ts";
import { RelupCalls } from "./relup-calls.ts";
import { reportOf } from "./report-of.ts";
import { type InstallProgress, Stages } from "./stages.ts";
import { StepRunner } from "./step-runner.ts";
import { Verification } from "./verify/index.ts";
import { ensureUnpacked, runningRelease } from "./versions.ts";

/** How an operation is told, named and stopped. */
export interface Told {
  readonly emit: (event: UpgradeEvent) => void;
  readonly id: string;
  readonly signal: AbortSignal;
  /** Whether it only goes back from a version on trial. Default `false`. */
  readonly back?: boolean;
}

const UNSTOPPABLE =
  "an install cannot be stopped half way: when it has ended all that is held is resumed, and the version is not made permanent";

/** One upgrade of one node; {@link Upgrade.run} once. */
export class Upgrade {
  readonly #node: BeamNode;
  readonly #version: string;
  readonly #options: UpgradeOptions;
  readonly #id: string;
  readonly #back: boolean;
  readonly #signal: AbortSignal;
  readonly #stages: Stages;
  readonly #runner: StepRunner;
  readonly #nodeLog: NodeLog | undefined;
  readonly #output: EdeliverOutput;
  readonly #held: Held;
  #progress: InstallProgress = "ahead";
  #installMs = 0;
  #verification: Verification | undefined;
  #findings: readonly Finding[] = [];
  #calls: RelupCalls | undefined;
  #prepared: Prepared | undefined;
  #budget: Budget | undefined;
  #from: string | undefined;
  #applications: readonly RunningApplication[] | undefined;

  constructor(
    node: BeamNode,
    version: string,
    options: UpgradeOptions,
    { emit, id, signal, back = false }: Told,
  ) {
    this.#back = back;
    this.#node = node;
    this.#version = version;
    this.#options = options;
    this.#id = id;
    this.#signal = signal;
    this.#stages = new Stages(emit);
    this.#held = new Held(node, this.#stages);
    const logged = options.nodeLog !== false && options.dryRun !== true;
    this.#nodeLog = logged ? new NodeLog(node) : undefined;
    this.#runner = new StepRunner(node, signal, this.#stages, this.#nodeLog);
    this.#output = new EdeliverOutput(node, options.edeliverOutput, this.#stages);
  }

  /** The version that ran before, once that is known. */
  get from(): string {
    return this.#from ?? "";
  }

  /** Whether a restart would have booted that one. */
  get wasPermanent(): boolean {
    return this.#prepared?.release.status === "permanent";
  }

  async run(): Promise<UpgradeReport> {
    const stages = this.#stages;
    try {
      const prepared = await stages.in("unpack", () => this.#prepare());
      const { steps } = prepared;
      const { dryRun = false, inRelup = false } = this.#options;
      if (inRelup && !dryRun) this.#calls = await this.#openCalls(prepared);
      await stages.in("check", () => this.#check(prepared));
      await stages.in("plan", async () => stages.plan(steps.map(stepName)));
      if (dryRun) {
        stages.skipRest("guard");
        return await this.#report();
      }
      if (this.#calls !== undefined) await this.#changeInRelup(prepared);
      else await this.#change(prepared);
      await lastStages(prepared, {
        node: this.#node,
        version: this.#version,
        options: this.#options,
        stages,
        verification: this.#verification,
        signal: this.#signal,
      });
      stages.finish("done");
      return await this.#report();
    } catch (error) {
      stages.finish("failed");
      const failure = await failed(this.#node, {
        stage: stages.current,
        error: this.#calls?.failure ?? error,
        begun: this.#progress !== "ahead",
        from: this.#from,
        applications: this.#applications,
        reloaded: this.#runner.facts.oldVersions.size > 0,
        left: this.#held.left,
        verified: this.#verification?.result,
      });
      failure.report = await this.#report(failure);
      throw failure;
    } finally {
      await this.#verification?.[Symbol.asyncDispose]();
      await this.#closeCalls();
      this.#output[Symbol.dispose]();
      await this.#nodeLog?.flush();
    }
  }

  async #prepare(): Promise<Prepared> {
    const release = await runningRelease(this.#node);
    this.#from = release.version;
    const { stateDirectory } = this.#options;
    const fresh = await ensureUnpacked(this.#node, release, this.#version, stateDirectory);
    if (fresh) this.#stages.log("info", `unpacked ${release.name}-${this.#version}`);
    const prepared = await prepare(this.#node, release, this.#version, this.#options);
    this.#output.announce(prepared.path.instructions);
    this.#prepared = prepared;
    return prepared;
  }

  async #check(prepared: Prepared): Promise<void> {
    const node = this.#node;
    const given = await givenOf(node, this.#version, prepared, this.#options, {
      signal: this.#signal,
    });
    this.#findings = await withHolder(node, await preflight(given));
    for (const finding of this.#findings) this.#stages.finding(finding);
    refuse(node.name, this.#findings);
    this.#budget = await allow(node, this.#stages, prepared, this.#options.budget);
    const limits = { timeout: prepared.installTimeout };
    await this.#output.during(() => checkInstallRelease(node, this.#version, limits));
    if (this.#calls === undefined) await this.#runChecks(prepared);
    if (this.#options.dryRun === true) return;
    this.#verification = await Verification.begin(node, {
      version: this.#version,
      prepared,
      back: this.#back,
      crashReports: this.#options.crashReports ?? true,
      tell: (item) => this.#stages.verified(item),
    });
  }

  async #runChecks(prepared: Prepared, again = false): Promise<void> {
    for (const step of checks(prepared.steps)) {
      await this.#runner.run(step, prepared.config, this.#progress, { again });
    }
  }

  /** The relup runs our instructions itself, the checks of it at the check and again at the install. */
  #openCalls(prepared: Prepared): Promise<RelupCalls> {
    const before = new Set<PlanStep>(); // the release handler's check of a downgrade may pass them over
    return this.#stages.in("unpack", () =>
      RelupCalls.open(this.#node, this.#version, prepared, (step, late) => {
        const guardian = late ? this.#held.guardian : undefined;
        const again = before.has(step);
        before.add(step);
        return this.#runner.run(step, prepared.config, this.#progress, { guardian, again, late });
      }),
    );
  }

  async #closeCalls(): Promise<void> {
    try {
      await this.#calls?.[Symbol.asyncDispose]();
    } catch {
      // The error is shown, and the next upgrade refuses a relup that calls nobody.
      this.#stages.log(
        "warning",
        "the relup on the node was not given back: `beamctl relup restore`",
      );
    }
  }

  #change(prepared: Prepared): Promise<void> {
    return this.#guarded(prepared, async (guardian) => {
      // The world may have changed since the first check: edeliver's checks run twice as well.
      await this.#stages.in("guard", () => this.#runChecks(prepared, true));
      for (const step of changes(prepared.steps)) {
        if (this.#progress === "ahead") this.#mayGoOn();
        this.#held.watch?.check();
        guardian.lost.throwIfAborted();
        if (step.type === "install") {
          await this.#install(guardian, prepared);
          await this.#held.watch?.last();
        } else {
          const cut = this.#progress === "ahead" ? this.#held.watch?.cut : undefined;
          await this.#runner.run(step, prepared.config, this.#progress, { guardian, cut });
        }
      }
    });
  }

  #changeInRelup(prepared: Prepared): Promise<void> {
    return this.#guarded(prepared, async (guardian) => {
      this.#mayGoOn();
      await this.#install(guardian, prepared);
    });
  }

  async #install(guardian: Guardian, { installTimeout }: Prepared): Promise<void> {
    const started = performance.now();
    this.#progress = "begun";
    const late = () => this.#stages.log("warning", UNSTOPPABLE);
    this.#signal.addEventListener("abort", late, { once: true });
    const work = () => install(this.#node, guardian, this.#version, installTimeout);
    try {
      await this.#stages.in("install", () => this.#output.during(work));
    } finally {
      this.#signal.removeEventListener("abort", late);
    }
    this.#installMs = Math.round(performance.now() - started);
    this.#progress = "done";
  }

  /** Whatever happens in `work`, what it held is given back. */
  #guarded(
    { release, path }: Prepared,
    work: (guardian: Guardian) => Promise<void>,
  ): Promise<void> {
    const { stateDirectory } = this.#options;
    const budget = this.#budget as Budget;
    const guard: GuardOptions = {
      operation: this.#id,
      cap: budget.hard, // the wait for requests is part of it
      purpose: `release ${path.direction}grade ${release.version} → ${this.#version}`,
      ...(stateDirectory === undefined ? {} : { stateDirectory }),
    };
    const mayStop = () => this.#progress === "ahead";
    return this.#held.during(
      { guard, budget, facts: this.#runner.facts, mayStop },
      async (guardian) => {
        this.#applications = await whichApplications(this.#node);
        await work(guardian);
      },
    );
  }

  #mayGoOn(): void {
    if (!this.#signal.aborted) return;
    throw new AbortedError(`the change to ${this.#version}`, {
      remedy: "What was held is given back; run it again when you want to.",
      cause: this.#signal.reason,
    });
  }

  async #report(error?: UpgradeError): Promise<UpgradeReport> {
    return reportOf(this.#prepared, this.#options, {
      operation: this.#id,
      node: this.#node.name,
      from: this.#from,
      version: this.#version,
      timeline: this.#stages.timeline,
      ...(await this.#held.seen()),
      ...(error === undefined ? {} : { error }),
      findings: this.#findings,
      facts: this.#runner.facts,
      installMs: this.#installMs,
      verified: this.#verification?.result ?? { items: [], ok: true, modules: 0 },
    });
  }
}

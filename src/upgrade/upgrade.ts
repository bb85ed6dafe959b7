/** The main job: a live release goes to another version, guarded from the first suspension to the last resume. */

import { AbortedError } from "../errors.ts";
import type { Guardian, GuardOptions } from "../guard/index.ts";
import { changes, checks, type PlanStep } from "../instructions/index.ts";
import type { BeamNode } from "../node/index.ts";
import { checkInstallRelease, type RunningApplication, whichApplications } from "../otp/index.ts";
import { changedModules } from "../relup/index.ts";
import { allow } from "./budget/allow.ts";
import type { Budget } from "./budget/budget.ts";
import { EdeliverOutput } from "./edeliver-output.ts";
import type { UpgradeError } from "./errors.ts";
import type { UpgradeEvent, UpgradeOptions, UpgradeReport } from "./events.ts";
import { Held } from "./held.ts";
import { install } from "./install.ts";
import { NodeLog } from "./node-log.ts";
import { type Operation, startOperation } from "./operation.ts";
import { failed } from "./outcome.ts";
import { commit } from "./permanent.ts";
import { type Finding, givenOf, preflight, refuse } from "./preflight/index.ts";
import { type Prepared, prepare, stepName } from "./prepare.ts";
import { RelupCalls } from "./relup-calls.ts";
import { reportOf } from "./report-of.ts";
import { type InstallProgress, Stages } from "./stages.ts";
import { StepRunner } from "./step-runner.ts";
import { verifyInstalled } from "./verify.ts";
import { ensureUnpacked, runningRelease } from "./versions.ts";

/**
 * Upgrades (or downgrades) the node's release to `version`, whose package lies unpacked or as `NAME-VSN.tar.gz` in the node's
 * `releases` folder. Websocket clients stay connected: what is suspended waits, and is resumed whatever happens.
 *
 * Follows OTP's release_handler(3): unpack_release, check_install_release, install_release, make_permanent. Meant for a busy
 * production node; cancelling before the install undoes everything, cancelling later lets it finish.
 * @throws UpgradeError with the stage that failed and what the node is like now
 */
export function upgrade(
  node: BeamNode,
  version: string,
  options: UpgradeOptions = {},
): Operation<UpgradeEvent, UpgradeReport> {
  return startOperation(
    async (emit, id, signal) => new Upgrade(node, version, options, emit, id, signal).run(),
    options.signal,
  );
}

class Upgrade {
  readonly #node: BeamNode;
  readonly #version: string;
  readonly #options: UpgradeOptions;
  readonly #id: string;
  readonly #signal: AbortSignal;
  readonly #stages: Stages;
  readonly #runner: StepRunner;
  readonly #nodeLog: NodeLog | undefined;
  readonly #output: EdeliverOutput;
  readonly #held: Held;
  #progress: InstallProgress = "ahead";
  #installMs = 0;
  #verified = 0;
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
    emit: (event: UpgradeEvent) => void,
    id: string,
    signal: AbortSignal,
  ) {
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

  async run(): Promise<UpgradeReport> {
    const stages = this.#stages;
    try {
      const prepared = await stages.in("unpack", () => this.#prepare());
      const { path, steps } = prepared;
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
      const modules = changedModules(path.instructions);
      const { permanent = true, permanentTimeout: timeout = 60_000 } = this.#options;
      const last = () => commit(this.#node, this.#version, modules, { timeout });
      if (permanent) await stages.in("permanent", last);
      else stages.skipRest("permanent");
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
      });
      failure.report = await this.#report(failure);
      throw failure;
    } finally {
      await this.#closeCalls();
      this.#output[Symbol.dispose]();
      await this.#nodeLog?.flush();
    }
  }

  async #prepare(): Promise<Prepared> {
    const release = await runningRelease(this.#node);
    this.#from = release.version;
    const fresh = await ensureUnpacked(this.#node, release, this.#version);
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
    this.#findings = await preflight(given);
    for (const finding of this.#findings) this.#stages.finding(finding);
    refuse(node.name, this.#findings);
    this.#budget = await allow(node, this.#stages, prepared, this.#options.budget);
    const limits = { timeout: prepared.installTimeout };
    await this.#output.during(() => checkInstallRelease(node, this.#version, limits));
    if (this.#calls === undefined) await this.#runChecks(prepared);
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
        } else if (step.type === "verify") {
          await this.#verify(prepared);
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
      await this.#verify(prepared);
    });
  }

  async #install(guardian: Guardian, { installTimeout }: Prepared): Promise<void> {
    this.#applications = await whichApplications(this.#node);
    const started = performance.now();
    this.#progress = "begun";
    const work = () => install(this.#node, guardian, this.#version, installTimeout);
    await this.#stages.in("install", () => this.#output.during(work));
    this.#installMs = Math.round(performance.now() - started);
    this.#progress = "done";
  }

  async #verify({ path }: Prepared): Promise<void> {
    const modules = changedModules(path.instructions);
    this.#verified = await this.#stages.in("verify", () =>
      verifyInstalled(this.#node, this.#version, modules),
    );
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
    return this.#held.during({ guard, budget, facts: this.#runner.facts, mayStop }, work);
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
      verifiedModules: this.#verified,
    });
  }
}

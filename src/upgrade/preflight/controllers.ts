/** Others who hold the node, or would act on it meanwhile. */

import { runScript, Script } from "../../otp/index.ts";
import { Atom } from "../../term/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Ground } from "./given.ts";

/** Another controller's guardian, and heart. */
export const controllers: Check<Ground> = {
  name: "other controllers",
  find: async (ground) => [...(await guardian(ground)), ...(await heart(ground))],
};

/** Its holder is known by whom the guardian watches: nobody but its controller lives on another node. */
async function guardian({ remote, call }: Ground): Promise<Finding[]> {
  const holder = await runScript(remote, HOLDER, {}, call);
  const name = holder instanceof Atom ? holder.name : "none";
  if (name === "none") return [];
  if (name === "nobody") {
    return [
      {
        code: "guardian-left",
        severity: "warning",
        what: "a guardian of a former run is on the node, and nobody holds it",
        cause: "that run was cut off: what it undid, or could not, has not been looked at",
        remedy: "See what it tells, and end it: `beamctl recover`.",
        about: ["beamctl_guard"],
      },
    ];
  }
  return [
    {
      code: "guarded",
      severity: "refusal",
      what: `another controller guards the node, on the node ${name}`,
      cause: "two who suspend and resume the same processes undo each other's work",
      remedy: "Wait for its end; if it has gone, `beamctl recover` takes over.",
      about: [name],
    },
  ];
}

async function heart({ surroundings, version }: Ground): Promise<Finding[]> {
  const { heart: kind, releaseVsn, booted } = await surroundings();
  if (kind !== "command") return [];
  if (releaseVsn && booted !== version) {
    return [
      {
        code: "heart-boots-old",
        severity: "warning",
        what: `heart watches the node, and its command inherits RELEASE_VSN=${booted}`,
        cause: `the start script of a mix release boots that version, even when ${version} is permanent`,
        remedy:
          "Have HEART_COMMAND begin with `env -u RELEASE_VSN`, in the environment that starts the node.",
        about: ["heart"],
      },
    ];
  }
  return [
    {
      code: "heart",
      severity: "notice",
      what: "heart watches the node",
      cause: "when it stands still for too long, heart restarts it on the permanent version",
      remedy: "Nothing; make the version permanent soon (`beamctl release commit`).",
      about: ["heart"],
    },
  ];
}

const HOLDER: Script = new Script({
  name: "guardian_holder",
  readOnly: true,
  source: `
case whereis(beamctl_guard) of
    undefined -> none;
    Guard -> case process_info(Guard, monitors) of
        {monitors, All} -> case [node(Pid) || {process, Pid} <- All, is_pid(Pid), node(Pid) =/= node()] of
            [Node | _] -> Node; [] -> nobody end;
        undefined -> none
    end
end`,
});

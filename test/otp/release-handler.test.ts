/** The release handler's answers, from real ones of an upgrade and from the shapes that are hard to provoke. */

import { copyFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import * as otp from "../../src/otp/index.ts";
import { atom, charlist, type Term, tuple } from "../../src/term/index.ts";
import { provision } from "../support/index.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

describe("a reason of the release handler", () => {
  const explain = (detail: Term): otp.ReleaseHandlerError =>
    new otp.ReleaseHandlerError("a@b", "install_release", detail);
  const secret = charlist("secret");
  const changeCode = (...args: Term[]): Term => tuple(atom("sys"), atom("change_code"), args);

  it.each<[Term, string, RegExp]>([
    [tuple(atom("no_such_release"), charlist("9")), "no_such_release", /release 9 is not known/],
    [
      tuple(atom("no_matching_relup"), charlist("2"), charlist("1")),
      "no_matching_relup",
      /no relup leads from 1 to 2/,
    ],
    [tuple(atom("old_processes"), atom("m")), "old_processes", /old code of m/],
    [tuple(atom("bad_relup_file"), charlist("/r")), "bad_relup_file", /the relup \/r/],
    [atom("static_emulator"), "static_emulator", /emulator/],
    [charlist("no endpoint"), "aborted", /refused: no endpoint/],
    [
      tuple(atom("code_change_failed"), atom("p"), atom("m"), charlist("1"), secret),
      "code_change_failed",
      /code_change of m failed in p/,
    ],
    [
      tuple(atom("EXIT"), tuple(atom("timeout"), changeCode(atom("p"), atom("Elixir.M"), secret))),
      "code_change_late",
      /code_change of M in p took longer than the 5 s/,
    ],
    [tuple(atom("EXIT"), tuple(atom("timeout"), secret)), "exit", /crashed: timeout/],
    [
      tuple(atom("EXIT"), tuple(tuple(atom("suspended_supervisor"), secret), [])),
      "suspended_supervisor",
      /a supervisor is suspended/,
    ],
    [tuple(atom("EXIT"), tuple(tuple(atom("badmatch"), secret), [])), "exit", /crashed: badmatch/],
    [tuple(atom("enoent"), charlist("/r/1/relup")), "relup_missing", /r\/1\/relup does not exist/],
    [tuple(atom("eacces"), charlist("/r/1/x")), "file_error", /r\/1\/x: eacces/],
    [tuple(atom("new_in_otp_40"), secret), "other", /new_in_otp_40/],
  ])("is told apart and explained: %#", (detail, reason, message) => {
    const error = explain(detail);
    expect(error).toMatchObject({ code: "BEAM_UPGRADE", reason, node: "a@b" });
    expect(error.message).toMatch(message);
    expect(error.remedy).toBeTruthy();
    expect(error.detail).toBe(detail);
    expect(`${error.message} ${error.remedy} ${JSON.stringify(error)}`).not.toMatch(/secret/);
  });
});

describe("the release handler of a live release", () => {
  let shop: ShopNode;
  let node: BeamNode;

  beforeAll(async () => {
    shop = await startShop({ otp: await provision("otp25"), packages: ["0.2.0", "0.3.0"] });
    node = await connect(shop.name, {
      cookie: shop.cookie,
      address: { host: "127.0.0.1", port: shop.distPort },
    });
  });

  afterAll(async () => {
    await node.close();
    await shop[Symbol.asyncDispose]();
  });

  const versions = async (): Promise<string[]> =>
    (await otp.whichReleases(otp.observer(node))).map((each) => `${each.version} ${each.status}`);

  it("passes its check without a relup, and refuses the install", async () => {
    await otp.unpackRelease(node, "shop-0.3.0");
    await rm(join(shop.root, "releases/0.3.0/relup"), { force: true });
    const checked = await otp.checkInstallRelease(node, "0.3.0");
    expect(checked.restarts).toBe(false);
    await expect(otp.installRelease(node, "0.3.0")).rejects.toMatchObject({
      reason: "relup_missing",
      about: [expect.stringContaining("0.1.0/relup")],
    });
    await writeFile(join(shop.root, "releases/0.3.0/relup"), "{nonsense}.\n");
    await expect(otp.installRelease(node, "0.3.0")).rejects.toMatchObject({
      reason: "bad_relup_file",
    });
    await otp.setRemoved(node, "0.3.0");
    expect((await versions()).join()).not.toContain("0.3.0");
  });

  it("goes from unpacked to permanent, and says why where it does not", async () => {
    expect(await versions()).toEqual(["0.1.0 permanent"]);
    const [release] = await otp.whichReleases(node);
    expect(release?.libraries.find(({ name }) => name === "shop")?.version).toBe("0.1.0");

    await expect(otp.unpackRelease(node, "shop-9.9")).rejects.toMatchObject({
      reason: "no_such_file",
      message: expect.stringContaining("releases/shop-9.9.tar.gz"),
    });
    await expect(otp.checkInstallRelease(node, "0.2.0")).rejects.toMatchObject({
      reason: "no_such_release",
      about: ["0.2.0"],
    });
    const tarball = join(shop.root, "releases/shop-0.2.0.tar.gz");
    await copyFile(tarball, `${tarball}.kept`); // the release handler deletes what it has unpacked
    expect(await otp.unpackRelease(node, "shop-0.2.0")).toBe("0.2.0");
    await rename(`${tarball}.kept`, tarball);
    await expect(otp.unpackRelease(node, "shop-0.2.0")).rejects.toMatchObject({
      reason: "existing_release",
    });
    expect(await otp.checkInstallRelease(node, "0.2.0")).toMatchObject({
      from: "0.1.0",
      restarts: false,
    });
    const installed = await otp.installRelease(node, "0.2.0", {
      updatePaths: true,
      errorAction: "reboot",
      suspendTimeout: 3000,
      codeChangeTimeout: 4000,
    });
    expect(installed).toMatchObject({ from: "0.1.0", restarts: false });
    expect(await versions()).toEqual(["0.2.0 current", "0.1.0 permanent"]);
    await expect(otp.installRelease(node, "0.2.0")).rejects.toMatchObject({
      reason: "already_installed",
    });
    const modules = ["Elixir.Shop.Counter", "Elixir.Shop.RoomChannel"];
    const compared = await otp.loadedAgainstDisk(otp.observer(node), modules);
    expect(compared.map(({ same }) => same)).toEqual([true, true]);

    await otp.makePermanent(node, "0.2.0");
    expect(await versions()).toEqual(["0.2.0 permanent", "0.1.0 old"]);
    await expect(otp.removeRelease(node, "0.2.0")).rejects.toMatchObject({ reason: "permanent" });
  });
});

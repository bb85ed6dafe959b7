/** The machine's sources are read in both formats, and the main archive is told from its neighbours. */

import { describe, expect, it } from "vitest";
import { mainArchives, parseDeb822, parseList } from "./beam/sources.ts";

describe("the one-line format", () => {
  it("reads options, components and comments", () => {
    const text = `# deb http://old.example/debian bookworm main
deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg check-valid-until=no] http://one.example/debian bookworm main contrib # ours
deb-src http://one.example/debian bookworm main
deb http://two.example/debian bookworm-updates main`;
    expect(parseList(text)).toEqual([
      {
        uri: "http://one.example/debian",
        suite: "bookworm",
        components: ["main", "contrib"],
        signedBy: "/usr/share/keyrings/a.gpg",
        checkValidUntil: "no",
        architectures: ["amd64", "arm64"],
      },
      { uri: "http://two.example/debian", suite: "bookworm-updates", components: ["main"] },
    ]);
  });
});

describe("the deb822 format", () => {
  it("reads several suites, comments between fields, and a key block as it stands", () => {
    const key =
      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----";
    const text = `Types: deb deb-src
# http://snapshot.example/archive
URIs: http://one.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By:
 ${key}

Enabled: no
Types: deb
URIs: http://two.example/debian
Suites: trixie
Components: main

Types: deb-src
URIs: http://three.example/debian
Suites: trixie
Components: main
`;
    const sources = parseDeb822(text);
    expect(sources.map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
      "http://one.example/debian trixie",
      "http://one.example/debian trixie-updates",
    ]);
    expect(sources[0]?.signedBy).toBe(key);
  });
});

describe("the main archive", () => {
  const debian = { id: "debian", codename: "bookworm" };

  it("is the one that ends in the distribution's name and has its suite, before others with the same suite", () => {
    const sources = parseList(`deb http://php.example/php bookworm main
deb http://sec.example/debian-security bookworm-security main
deb http://one.example/debian bookworm-backports main
deb http://one.example/debian/ bookworm main
deb http://docker.example/linux/debian bookworm stable
deb http://pg.example/apt bookworm-pgdg main`);
    expect(mainArchives(sources, debian, "amd64").map(({ uri }) => uri)).toEqual([
      "http://one.example/debian/",
      "http://php.example/php",
    ]);
  });

  it("may be called by what the release is now, as stable", () => {
    const sources = parseList("deb http://one.example/debian stable main");
    expect(mainArchives(sources, debian, "amd64")).toHaveLength(1);
  });

  it("must be for this architecture", () => {
    const sources = parseList("deb [arch=i386] http://one.example/debian bookworm main");
    expect(mainArchives(sources, debian, "amd64")).toEqual([]);
  });

  it("is put together where its components stand on lines of their own", () => {
    const sources = parseList(`deb http://one.example/ubuntu noble main restricted
deb http://one.example/ubuntu noble universe`);
    const [archive] = mainArchives(sources, { id: "ubuntu", codename: "noble" }, "amd64");
    expect(archive?.components).toEqual(["main", "restricted", "universe"]);
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgramWatcher } from "../../src/image/program-watcher.ts";
import { pythonImports } from "../../src/image/program-watcher/python-imports.ts";
import { scriptWords } from "../../src/image/program-watcher/script-words.ts";
import type { LayerPrograms } from "../../src/model/layer-programs.ts";
import { dynamicElf } from "../support/dynamic-elf.ts";

/** What is learnt of one file, given in pieces of so many bytes. */
function watched(path: string, content: string | Uint8Array, pieceBytes = 1_000_000): LayerPrograms {
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : Buffer.from(content);
  const watcher = new ProgramWatcher();
  watcher.begin(3, path, bytes.length);
  // The memory of a piece is used again for the next.
  const piece = Buffer.alloc(pieceBytes);
  for (let at = 0; at < bytes.length; at += pieceBytes) watcher.write(piece.subarray(0, bytes.copy(piece, 0, at)));
  watcher.end();
  return watcher.finish();
}

test("however an ELF file is cut into pieces, the same is learnt", () => {
  const elf = dynamicElf({
    needed: ["liba.so"],
    soname: "libx.so",
    defined: ["x"],
    constants: ["libplugin.so.2", "liba.so", "/etc/app.conf", "/usr/lib/", "relative/x.so", `/usr/${"x".repeat(400)}`],
  });
  for (const pieceBytes of [1, 7, 64, 100, 1_000_000]) {
    const { elf: found, mentions } = watched("usr/lib/libx.so", elf, pieceBytes);
    assert.deepEqual(found.get(3)?.needed, ["liba.so"]);
    assert.deepEqual([...(mentions.get(3) ?? [])].sort(), ["/etc/app.conf", "libplugin.so.2"]);
  }
});

test("the first line of scripts, as far as the kernel reads it", () => {
  assert.equal(watched("a", "#!/bin/sh -e\nx\n").shebangs.get(3), "/bin/sh -e");
  assert.equal(watched("a", "#! /usr/bin/env python3\r\n").shebangs.get(3), "/usr/bin/env python3");
  assert.equal(watched("a", `#!/${"x".repeat(300)}`).shebangs.get(3)?.length, 254);
  assert.equal(watched("a", "# no script\n").shebangs.size, 0);
});

test("imports of Python modules: at once, in a block, in a function", () => {
  const text = `"""A module.

from here on
"""
import os, sys as system  # both
import a.b.c; x = 1
from . import near
from ..up.and_down import (one,  # first
    two as zwei,
)
try:
    import fast
except ImportError:
    from slow import it
if TYPE_CHECKING:
    import never
if not TYPE_CHECKING:
    import ever
def f():
    import late
class C:
    import inner
    def g(self):
        from later import thing
if sys.platform.startswith("win") and WIN:
    import colour
    def wrap():
        import registry
elif os.name == "nt":
    import wine
elif sys.platform == "linux" or sys.platform == "darwin":
    import pty
else:
    import other
`;
  const names = "!os !sys !a.b.c !. !.near !..up.and_down !..up.and_down.one !..up.and_down.two ^fast ?slow ?slow.it ?ever";
  assert.deepEqual(pythonImports(text), [...names.split(" "), "~late", "?inner", "~later", "~later.thing", "?pty", "?other"]);
});

test("words of shell scripts", () => {
  assert.deepEqual(
    [...scriptWords('#!/bin/sh\n# rm never\nset -e; exec gunzip -c "/usr/share/x.gz" | tee $(which tac) > /dev/null\n')].sort(),
    ["/usr/share/x.gz", ">/dev/null", "exec", "gunzip", "set", "tac", "tee", "which"],
  );
});

test("what a shell script surely writes anew, and what it may read", () => {
  const script = `#!/bin/sh
sed s/PORT/80/ /srv/site.template > /etc/site.conf
date >"/etc/stamp" 2>/etc/errors
echo more >> /etc/log
if [ -f /etc/x ]; then echo > /etc/guarded; fi
[ -f /etc/y ] || echo > /etc/default
  echo > /etc/indented
sort /etc/both > /etc/both
cat > /etc/crontab <<'EOF'
echo > /etc/later
EOF
cat <<-END >/etc/next
  END
envsubst < /etc/in > /etc/\${NAME}
`;
  assert.deepEqual(
    scriptWords(script).filter((word) => word.startsWith(">")),
    [">/etc/site.conf", ">/etc/stamp", ">/etc/errors", ">/etc/crontab", ">/etc/next"],
  );
  for (const path of [
    "/etc/log",
    "/etc/guarded",
    "/etc/default",
    "/etc/indented",
    "/etc/both",
    "/etc/in",
    "/srv/site.template",
  ]) {
    assert.ok(scriptWords(script).includes(path), path);
  }
});

#!/usr/bin/env node
"use strict";
// Finds a Node that is new enough and runs deadweight in it. Written in the JavaScript of 2009, so that an old Node gets this far.

var childProcess = require("child_process");
var fs = require("fs");
var os = require("os");
var path = require("path");
var tty = require("tty");

var FLOOR = "24.15";
/** sysexits.h: EX_UNAVAILABLE. */
var UNAVAILABLE = 69;
var SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"];

function isNewEnough(version) {
  var parts = /^v?(\d+)\.(\d+)\./.exec(String(version).trim());
  var floor = FLOOR.split(".");
  if (!parts) return false;
  return Number(parts[1]) > Number(floor[0]) || (parts[1] === floor[0] && Number(parts[2]) >= Number(floor[1]));
}

/** The Node that npm installed as a package, in the folders from here upwards; undefined when there is none. */
function findInstalledNode() {
  var platform = process.platform === "win32" ? "win" : process.platform;
  var suffix = platform + "-" + process.arch;
  var names = ["node-" + suffix, "node-bin-" + suffix];
  var folder = __dirname;
  for (;;) {
    for (var index = 0; index < names.length; index++) {
      var found = nodeOfPackage(path.join(folder, "node_modules", names[index]));
      if (found) return found;
    }
    var parent = path.dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function nodeOfPackage(folder) {
  var program = path.join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
  var manifest = path.join(folder, "package.json");
  if (!fs.existsSync(program) || !fs.existsSync(manifest)) return undefined;
  return isNewEnough(JSON.parse(fs.readFileSync(manifest, "utf8")).version) ? program : undefined;
}

/** The first Node in PATH that is new enough; undefined when there is none. */
function findNodeInPath() {
  var folders = (process.env.PATH || "").split(path.delimiter);
  for (var index = 0; index < folders.length; index++) {
    var program = path.join(folders[index] || ".", process.platform === "win32" ? "node.exe" : "node");
    if (program === process.execPath || !fs.existsSync(program)) continue;
    var answer = childProcess.spawnSync(program, ["--version"], { encoding: "utf8", timeout: 10000 });
    if (answer.status === 0 && isNewEnough(answer.stdout)) return program;
  }
  return undefined;
}

/** Runs it as a child that has our standard streams, and ends as it ends. */
function runIn(program, script) {
  var child = childProcess.spawn(program, [script].concat(process.argv.slice(2)), { stdio: "inherit" });
  // At a terminal Ctrl-C goes to the child by itself.
  var isTerminal = tty.isatty(0) || tty.isatty(1) || tty.isatty(2);
  SIGNALS.forEach(function (name) {
    process.on(name, function () {
      if (name !== "SIGINT" || !isTerminal) child.kill(name);
    });
  });
  child.on("error", function (error) {
    fail("could not start " + program + ": " + error.message);
  });
  child.on("exit", function (code, signal) {
    process.exit(signal ? 128 + (os.constants.signals[signal] || 0) : code);
  });
}

function fail(message) {
  process.stderr.write("deadweight: " + message + "\n");
  process.exit(UNAVAILABLE);
}

function main() {
  var source = path.join(__dirname, "..", "src", "bin.ts");
  // In a checkout Node runs the source, also when an older build lies there; what is published has no source.
  var script = fs.existsSync(source) ? source : path.join(__dirname, "..", "dist", "bin.js");
  if (isNewEnough(process.version)) return require(script);
  var program = findInstalledNode() || findNodeInPath();
  if (program) return runIn(program, script);
  return fail(
    "needs Node " +
      FLOOR +
      " or newer, this is " +
      process.version +
      ": install one from https://nodejs.org and put it first in PATH",
  );
}

main();

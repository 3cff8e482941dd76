#!/bin/sh
wc -c /opt/model.bin

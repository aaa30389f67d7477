#!/bin/sh
echo VERSION "$@"

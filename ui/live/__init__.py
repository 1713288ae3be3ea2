"""Pictures on their way to the screen: conversion, decoding, frame rings."""

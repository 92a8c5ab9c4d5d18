"""Recorded answers through the real client library."""

import json
import os
from pathlib import Path

import httplib2
import pytest
from googleapiclient.discovery import build

from sandbox.core import Sandbox

RECORDINGS = Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures"))
CHANNEL = RECORDINGS / "youtube-data-api/sns-sdks__python-youtube/apidata/channels/info.json"


@pytest.mark.recordings
@pytest.mark.skipif(not CHANNEL.exists(), reason="no recordings here (SIGHTLINE_RECORDINGS)")
def test_a_recording_is_what_the_client_reads(sandbox: Sandbox) -> None:
    body = CHANNEL.read_bytes()
    recorded = json.loads(body)["items"][0]
    query = {"id": recorded["id"], "part": "snippet"}
    sandbox.replay.add("youtube.googleapis.com", "GET", "/youtube/v3/channels", query, body=body)
    http = httplib2.Http(ca_certs=str(sandbox.certificates.ca), proxy_info=httplib2.proxy_info_from_environment)
    youtube = build("youtube", "v3", developerKey="k", http=http)
    assert youtube.channels().list(part="snippet", id=recorded["id"]).execute()["items"] == [recorded]
    kettle = sandbox.world.channel("@kettleandpine")
    assert kettle is not None
    assert youtube.channels().list(part="snippet", id=kettle.id).execute()["items"][0]["id"] == kettle.id

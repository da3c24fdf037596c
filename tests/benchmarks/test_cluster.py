"""What a benchmark fills namespaces with, and how it knows it again."""

from benchmarks.cluster import Observer, is_other, is_ready, other_event, other_pod


def test_other_pods_are_in_kubespawners_list():
    """They carry its label, and are told from those of starts by name."""
    pod = other_pod(3)
    assert pod["metadata"]["labels"]["component"] == "singleuser-server"
    assert is_other(pod)
    assert not is_other({"metadata": {"name": "jupyter-ada"}})


def test_other_events_have_names_of_their_own():
    """Seven are of the same pod."""
    events = [other_event("x", number) for number in range(14)]
    assert len({event["metadata"]["name"] for event in events}) == 14
    assert {event["involvedObject"]["name"] for event in events} == {"other-0", "other-1"}


def test_the_first_time_counts():
    """When a pod was made and when it became ready, whatever changes later."""
    observer = Observer()
    pod = {"metadata": {"name": "a"}, "status": {}}
    ready = pod | {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    for now, seen in ((1.0, pod), (2.0, ready), (3.0, ready)):
        observer.take({"object": seen}, now)
    assert (observer.made, observer.ready) == ({"a": 1.0}, {"a": 2.0})
    assert is_ready(ready)

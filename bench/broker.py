"""A real Apache Kafka broker (KRaft mode) on 127.0.0.1 from the jars of Maven Central, for tests and benchmarks.

Where there is no Maven or Java, noida-db stands in for what it can.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from confluent_kafka.cimpl import NewPartitions, NewTopic

VERSION = "4.3.1"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>anput.tests</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
"""

PATIENCE = 120
"""Seconds that a slow machine may take to start or stop it."""

USER, PASSWORD = "alice", "right-Pa55word"
KEY = "c2VjcmV0a2V5c2VjcmV0a2V5c2VjcmV0a2V5c2VjcmU="

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAIN://127.0.0.1:{plain},SASL://127.0.0.1:{sasl},TLS://127.0.0.1:{tls},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAIN
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,OAUTHBEARER
listener.name.sasl.plain.sasl.jaas.config={users}
listener.name.sasl.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.sasl.oauthbearer.sasl.jaas.config=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";
listener.name.tls.sasl.enabled.mechanisms=PLAIN
listener.name.tls.plain.sasl.jaas.config={users}
listener.name.tls.ssl.keystore.type=PKCS12
listener.name.tls.ssl.keystore.location={folder}/keys.p12
listener.name.tls.ssl.keystore.password=changeit
log.dirs={folder}/data
auto.create.topics.enable=true
log.retention.ms=-1
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class Broker:
    """A broker of Kafka's protocol on 127.0.0.1. Topics are made by asking for them, which Anput must never do."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self.plain = f"127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._admin = AdminClient({"bootstrap.servers": self.plain, "log_level": 0})

    def command(self) -> list[str]:
        """What starts it, in the foreground."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it ends instead, or takes too long.
        """
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), cwd=self._folder, stdout=log, stderr=subprocess.STDOUT)
        probe = Consumer({"bootstrap.servers": self.plain, "group.id": "probe", "log_level": 0})
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                probe.list_topics(timeout=1)
                break
            except KafkaException:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    msg = f"the broker did not start: {(self._folder / 'log').read_text()[-3000:]}"
                    raise RuntimeError(msg) from None
        probe.close()

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)

    def create(self, topic: str, partitions: int) -> str:
        """A new topic; its address."""
        # What is written has times of its own, which may be long past.
        config = {"retention.ms": "-1"}
        self._admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result(30)
        return f"kafka://{self.plain}/{topic}"

    def delete(self, topic: str) -> None:
        """Delete a topic, and wait until it is gone."""
        self._admin.delete_topics([topic])[topic].result(30)
        deadline = time.monotonic() + 30
        while topic in self.topics() and time.monotonic() < deadline:
            time.sleep(0.05)

    def grow(self, topic: str, partitions: int) -> None:
        """Add partitions, to as many."""
        self._admin.create_partitions([NewPartitions(topic, partitions)])[topic].result(30)

    def expire(self, topic: str, partition: int, before: int) -> None:
        """Delete messages as retention does."""
        wanted = TopicPartition(topic, partition, before)
        for done in self._admin.delete_records([wanted]).values():
            done.result(30)

    def topics(self) -> set[str]:
        """Names of all."""
        return set(self._admin.list_topics(timeout=30).topics)

    def committed(self, group: str, topic: str, partitions: int) -> list[int]:
        """A group's offsets, as lag tools read them."""
        consumer = Consumer({"bootstrap.servers": self.plain, "group.id": group})
        wanted = [TopicPartition(topic, number) for number in range(partitions)]
        found = [entry.offset for entry in consumer.committed(wanted, timeout=30)]
        consumer.close()
        return found

    def produce(self, topic: str, messages: Iterable[tuple[int, bytes | None, int]]) -> None:
        """Messages as (partition, value, time in ms or 0 for now).

        Raises:
            RuntimeError: the broker didn't take one.
        """
        failed: list[KafkaError] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        # Without idempotence a batch that is sent again comes behind later ones.
        wanted = {"enable.idempotence": True, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000}
        producer = Producer({"bootstrap.servers": self.plain, "log_level": 0, **wanted})
        for partition, value, moment in messages:
            producer.produce(topic, value, partition=partition, timestamp=moment, on_delivery=delivered)
            producer.poll(0)
        if producer.flush(60) or failed:
            msg = f"{topic}: expected all messages to be taken, found {failed[:1]}"
            raise RuntimeError(msg)

    def read(self, topic: str, partitions: int = 1) -> list[Message]:
        """All messages of a topic.

        Raises:
            RuntimeError: the broker doesn't give them.
        """
        consumer = Consumer({"bootstrap.servers": self.plain, "group.id": "test", "enable.auto.commit": False})
        found: list[Message] = []
        for number in range(partitions):
            wanted = TopicPartition(topic, number, 0)
            low, high = consumer.get_watermark_offsets(wanted, timeout=30) or (0, 0)
            consumer.assign([wanted])
            for _ in range(high - low):
                message = consumer.poll(30)
                if message is None or message.error() is not None:
                    msg = f"{topic}/{number}: expected a message, found {message and message.error()}"
                    raise RuntimeError(msg)
                found.append(message)
        consumer.close()
        return found


class Kafka(Broker):
    """Apache Kafka. It has listeners with SASL, with and without TLS, too."""

    def __init__(self, jars: Path, folder: Path) -> None:
        names = ("plain", "sasl", "tls", "controller")
        self._ports = dict(zip(names, free_ports(len(names)), strict=True))
        super().__init__(folder, self._ports["plain"])
        self.sasl, self.tls = f"127.0.0.1:{self._ports['sasl']}", f"127.0.0.1:{self._ports['tls']}"
        self.connection_string = (
            f"Endpoint=sb://{self.sasl};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey={KEY};"
            "UseDevelopmentEmulator=true;"
        )
        self.certificate = folder / "certificate.pem"
        quiet = [
            "-Xmx384m",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ]
        self._java = ["java", *quiet, "-cp", f"{jars}/*"]
        self._configure()
        self.start()

    def command(self) -> list[str]:
        """See `Broker`."""
        return [*self._java, "kafka.Kafka", str(self._folder / "server.properties")]

    def add_scram_user(self, user: str, password: str) -> None:
        """Let a user in by SCRAM-SHA-256."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
        wanted = UserScramCredentialUpsertion(user, info, password.encode())
        self._admin.alter_user_scram_credentials([wanted])[user].result(30)

    def _configure(self) -> None:
        keys = self._folder / "keys.p12"
        _call(
            *("keytool", "-genkeypair", "-keystore", str(keys), "-storetype", "PKCS12", "-storepass", "changeit"),
            *("-alias", "broker", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=127.0.0.1"),
            *("-ext", "san=ip:127.0.0.1", "-validity", "2"),
        )
        export = ("keytool", "-exportcert", "-rfc", "-keystore", str(keys), "-storepass", "changeit")
        self.certificate.write_text(_call(*export, "-alias", "broker"))
        users = (
            f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}" '
            f'user_$ConnectionString="{self.connection_string}";'
        )
        properties = self._folder / "server.properties"
        properties.write_text(PROPERTIES.format(folder=self._folder, users=users, **self._ports))
        _call(*self._java, "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAQACAAAAAAAAAAA", "-c", str(properties))


class Noida(Broker):
    """noida-db, a stand-in for where there is no Maven: anybody is let in, and no TLS."""

    def __init__(self, program: Path, folder: Path) -> None:
        (self._port,) = free_ports(1)
        super().__init__(folder, self._port)
        self._program = program
        self.start()

    def command(self) -> list[str]:
        """See `Broker`."""
        data = str(self._folder / "data")
        return [str(self._program), "start", "--only", "kafka", "--kafka-port", str(self._port), "--data-dir", data]


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        msg = f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise RuntimeError(msg)
    return done.stdout


def free_ports(count: int) -> Sequence[int]:
    """Ports that nobody listens on, as of now."""
    sockets = [socket.socket() for _ in range(count)]
    for entry in sockets:
        entry.bind(("127.0.0.1", 0))
    ports = [entry.getsockname()[1] for entry in sockets]
    for entry in sockets:
        entry.close()
    return ports


def noida_program() -> Path | None:
    """The binary of noida-db, if it is installed and runs on this machine."""
    spec = find_spec("noida_db")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).with_name("noida-db")
    try:
        program.chmod(0o755)
        done = subprocess.run([program, "version"], capture_output=True, timeout=30, check=False)
    except OSError:
        return None
    return program if done.returncode == 0 else None


def missing_tools() -> str:
    """What of Java and Maven isn't on this machine; "" if all is."""
    return ", ".join(tool for tool in ("java", "keytool", "mvn") if shutil.which(tool) is None)


def fetch_jars() -> Path:
    """Kafka's jars, from the user's cache; by Maven the first time.

    Raises:
        RuntimeError: Maven fails.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "anput-tests"
    found = cache / f"kafka-{VERSION}-{zlib.crc32(POM.encode()):08x}"
    if not found.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            pom = Path(folder) / "pom.xml"
            pom.write_text(POM)
            copy = f"-DoutputDirectory={folder}/jars"
            _call("mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", copy)
            try:
                (Path(folder) / "jars").rename(found)
            except OSError:  # another run was quicker
                if not found.exists():
                    raise
    return found

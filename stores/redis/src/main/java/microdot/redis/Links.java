package microdot.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.util.concurrent.TimeUnit;

/** Makes the links of a node; has the threads of Lettuce. */
final class Links implements AutoCloseable {
    private final Settings settings;
    private final Keys keys;
    private final ClientResources resources;
    private final RedisClient client;

    Links(Settings settings, Keys keys) {
        this.settings = settings;
        this.keys = keys;
        resources =
                DefaultClientResources.builder()
                        .ioThreadPoolSize(2)
                        .computationThreadPoolSize(2)
                        .build();
        client = RedisClient.create(resources);
        client.setOptions(
                ClientOptions.builder()
                        // A command that was queued or sent is never sent again behind our back.
                        .autoReconnect(false)
                        .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                        .protocolVersion(ProtocolVersion.RESP2)
                        .maintNotificationsConfig(MaintNotificationsConfig.disabled())
                        // A late reply still counts: RedisStore.timeout is what bounds the waits.
                        // The timeout of the URI bounds connecting.
                        .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
                        .sslOptions(tls(settings))
                        .socketOptions(
                                SocketOptions.builder()
                                        .connectTimeout(settings.connectTimeout())
                                        .keepAlive(true)
                                        .build())
                        .build());
    }

    private static SslOptions tls(Settings settings) {
        SslOptions.Builder options =
                SslOptions.builder().handshakeTimeout(settings.connectTimeout());
        Settings.Tls files = settings.tls();
        if (files.authorities() != null) {
            options.trustManager(files.authorities().toFile());
        }
        if (files.chain() != null && files.key() != null) {
            options.keyManager(files.chain().toFile(), files.key().toFile(), null);
        }
        return options.build();
    }

    RedisLink connect() {
        return RedisLink.connect(client, settings, keys);
    }

    @Override
    public void close() {
        // An interrupt of the caller must not leave the threads of the client.
        boolean interrupted = Thread.interrupted();
        try {
            client.shutdown(0, 2, TimeUnit.SECONDS);
        } finally {
            resources.shutdown(0, 2, TimeUnit.SECONDS);
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

"""The real servers that tests run against: started here, or named by an environment variable.

    JMID_TEST_AMQP      amqp://user:password@host:port/vhost     instead of Debian's rabbitmq-server
    JMID_TEST_MONGODB   mongodb://host:port                      instead of secantusd-py
    JMID_TEST_S3        http://KEY:SECRET@host:port              instead of SeaweedFS

A named server is never stopped: tests that need to restart or kill it are skipped. ``python -m tests.servers install``
installs what is missing, where it can.
"""

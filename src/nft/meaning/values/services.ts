/**
 * Ports by the names of /etc/services that rules use most. nft asks the machine on which it runs; a rule set must mean the
 * same everywhere, so a name that is not here is refused, with the number as the way out.
 * @see https://www.iana.org/assignments/service-names-port-numbers
 * @module
 */
const TEXT = `
  afpovertcp=548 amqp=5672 amqps=5671 auth=113 bacula-dir=9101 bgp=179 bootpc=68 bootps=67 chargen=19 cisco-sccp=2000
  cmip-man=163 datametrics=1645 daytime=13 dhcpv6-client=546 dhcpv6-server=547 discard=9 distcc=3632 domain-s=853
  domain=53 epmap=135 exec=512 fax=4557 finger=79 ftp-data=20 ftp=21 ftps-data=989 ftps=990 git=9418 gopher=70
  gsiftp=2811 http-alt=8080 http=80 https=443 hylafax=4559 iax=4569 icpv2=3130 imap2=143 imaps=993 ipp=631 ircd=6667
  ircs-u=6697 isakmp=500 kerberos-adm=749 kerberos=88 klogin=543 kpasswd=464 kshell=544 l2f=1701 ldap=389 ldaps=636
  login=513 mdns=5353 microsoft-ds=445 ms-sql-m=1434 ms-sql-s=1433 ms-wbt-server=3389 munin=4949 mysql=3306
  netbios-dgm=138 netbios-ns=137 netbios-ssn=139 nfs=2049 nntp=119 nqs=607 nrpe=5666 ntalk=518 ntp=123 nut=3493
  openvpn=1194 pop3=110 pop3s=995 postgresql=5432 printer=515 puppet=8140 qotd=17 radius-acct=1813 radius=1812 route=520
  rsync=873 rtsp=554 saft=487 shell=514 silc=706 sip-tls=5061 sip=5060 smtp=25 snmp-trap=162 snmp=161 snmptrap=162
  socks=1080 ssh=22 submission=587 submissions=465 sunrpc=111 svn=3690 syslog=514 systat=11 tacacs=49 talk=517 telnet=23
  telnets=992 tftp=69 time=37 tinc=655 uucp=540 webcache=8080 who=513 whois=43 x11=6000 xmpp-client=5222
  xmpp-server=5269 zabbix-agent=10050`;

export const SERVICES: ReadonlyMap<string, number> = new Map(
  TEXT.trim()
    .split(/\s+/)
    .map((pair) => pair.split('='))
    .map(([name = '', port]) => [name, Number(port)]),
);
